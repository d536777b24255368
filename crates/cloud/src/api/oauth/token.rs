//! `POST /oauth/token`: which grant it is, and who takes it.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde_json::Value;

use super::super::body::Fields;
use super::super::error::ApiError;
use super::super::route::{Kind, Needs, Route, post};
use super::super::{ApiState, Fleet, login};
use super::asker::Asker;
use super::{answer, grants};
use crate::account::Lifetime;
use crate::guard::Origin;

/// What a grant may bring with it.
const FIELDS: [&str; 15] = [
    "client_id",
    "client_secret",
    "scope",
    "expires_in",
    "username",
    "password",
    "mfa_token",
    "otp",
    "refresh_token",
    "code",
    "redirect_uri",
    "code_verifier",
    "device_code",
    "expires_at",
    "token_type_hint",
];

pub(super) fn route<F: Fleet>() -> Route<F> {
    let route = post("/oauth/token", Needs::Nothing, grant::<F>)
        .says("Gives a token for a password, a second factor, a code, a secret or a refresh token (RFC 6749 3.2).")
        .asks("grant_type", Kind::Text);
    FIELDS
        .into_iter()
        .fold(route, |route, name| route.takes(name, Kind::Text))
        .fails(&[400, 401, 403])
}

async fn grant<F: Fleet>(
    State(state): State<ApiState<F>>,
    origin: Origin,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let kind = fields.text(&["grant_type"]).ok_or_else(|| missing("grant_type"))?;
    let asker = Asker::read(&state, &headers, &fields).await?;
    let issued = match kind.as_str() {
        "password" => grants::password(&state, origin, asker, &fields).await?,
        login::SECOND_FACTOR_GRANT => grants::second_factor(&state, &fields).await?,
        "client_credentials" => grants::client_credentials(&state, asker, &fields).await?,
        "refresh_token" => grants::refresh(&state, asker, &fields).await?,
        "authorization_code" => grants::code(&state, asker, &fields).await?,
        grants::DEVICE_CODE => grants::device_code(&state, asker, &fields).await?,
        other => {
            let other: String = other.chars().take(64).collect();
            let text = format!("This server does not know the grant {other:?}.");
            return Err(ApiError::oauth("unsupported_grant_type", text));
        }
    };
    Ok(Json(answer(&issued)))
}

/// How long the token is to live, as far as the client says.
pub(in crate::api) fn lifetime(fields: &Fields) -> Result<Option<Lifetime>, ApiError> {
    let Some(text) = fields.text(&["expires_in"]) else { return Ok(None) };
    let seconds = text.trim().parse().map_err(|_| missing("expires_in"))?;
    Ok(Some(Lifetime::asked(Some(seconds))))
}

pub(super) fn missing(field: &str) -> ApiError {
    let text = format!("The field {field} is missing or not what it must be.");
    ApiError::oauth("invalid_request", text)
}
