//! `GET /.well-known/oauth-authorization-server` (RFC 8414): what there is, for clients that look.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::super::{ApiState, Fleet};
use super::grants::DEVICE_CODE;
use super::issuer::Issuer;
use crate::account::Scope;

pub(super) async fn metadata<F: Fleet>(
    State(state): State<ApiState<F>>,
    issuer: Issuer,
) -> Json<Value> {
    let mut grants = vec!["authorization_code", "client_credentials", "refresh_token", DEVICE_CODE];
    if state.oauth.settings.password_grant {
        grants.extend(["password", "urn:custom:mfa-otp"]);
    }
    let scopes: Vec<&str> = Scope::ALL.iter().map(|scope| scope.name()).collect();
    Json(json!({
        "issuer": issuer.0,
        "authorization_endpoint": issuer.at("/oauth/authorize"),
        "token_endpoint": issuer.at("/oauth/token"),
        "device_authorization_endpoint": issuer.at("/oauth/device_authorization"),
        "introspection_endpoint": issuer.at("/oauth/introspect"),
        "revocation_endpoint": issuer.at("/oauth/revoke"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": grants,
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "scopes_supported": scopes,
        "authorization_response_iss_parameter_supported": true,
    }))
}
