//! `/v1/access_tokens`: what a token is good for, and its end.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::address::Path;
use super::error::ApiError;
use super::{ApiState, Fleet};
use crate::account::Caller;
use crate::clock::iso8601;

/// `GET /v1/access_tokens/current`.
pub(super) async fn current(caller: Caller) -> Json<Value> {
    Json(json!({
        "expires_at": (caller.expires_at_ms != i64::MAX).then(|| iso8601(caller.expires_at_ms)),
        "client": caller.client,
        "client_id": caller.client,
        "scopes": caller.scopes.names().collect::<Vec<_>>(),
        "orgs": [],
    }))
}

/// `DELETE /v1/access_tokens/current`.
pub(super) async fn revoke_current<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
) -> Result<Json<Value>, ApiError> {
    state.accounts.revoke_current(&caller, state.clock.now().wall_ms).await?;
    Ok(Json(json!({ "ok": true })))
}

/// `DELETE /v1/access_tokens/{token}`: holding the token is the proof.
pub(super) async fn revoke<F: Fleet>(
    State(state): State<ApiState<F>>,
    Path(token): Path<String>,
) -> Result<Json<Value>, ApiError> {
    if state.accounts.revoke(&token, state.clock.now().wall_ms).await? {
        Ok(Json(json!({ "ok": true })))
    } else {
        Err(ApiError::not_found("There is no such token."))
    }
}

/// `DELETE /v1/access_tokens`: every token of the caller's account.
pub(super) async fn revoke_all<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
) -> Result<Json<Value>, ApiError> {
    state.accounts.revoke_all(caller.account, caller.who(), state.clock.now().wall_ms).await?;
    Ok(Json(json!({ "ok": true })))
}
