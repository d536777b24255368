//! `/v1/access_tokens`: what a token is good for, and its end.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::address::Path;
use super::error::ApiError;
use super::route::{Needs, Route, delete, get};
use super::{ApiState, Fleet};
use crate::account::{Caller, Scope};
use crate::clock::iso8601;

pub(super) fn routes<F: Fleet>() -> Vec<Route<F>> {
    vec![
        get("/v1/access_tokens/current", Needs::Token, current)
            .says("Says what the token is good for."),
        delete("/v1/access_tokens/current", Needs::Token, revoke_current::<F>)
            .says("Ends the token."),
        delete("/v1/access_tokens", Needs::Own(Scope::TokensRemove), revoke_all::<F>)
            .says("Ends every token of the caller."),
        delete("/v1/access_tokens/{token}", Needs::Nothing, revoke::<F>)
            .says("Ends the token that the path names: holding it is the proof.")
            .fails(&[404]),
    ]
}

/// `GET /v1/access_tokens/current`.
async fn current(caller: Caller) -> Json<Value> {
    Json(json!({
        "expires_at": (caller.expires_at_ms != i64::MAX).then(|| iso8601(caller.expires_at_ms)),
        "client": caller.client,
        "client_id": caller.client,
        "scopes": caller.scopes.names().collect::<Vec<_>>(),
        "orgs": [],
    }))
}

/// `DELETE /v1/access_tokens/current`.
async fn revoke_current<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
) -> Result<Json<Value>, ApiError> {
    state.accounts.revoke_current(&caller, state.clock.now().wall_ms).await?;
    Ok(Json(json!({ "ok": true })))
}

/// `DELETE /v1/access_tokens/{token}`: holding the token is the proof.
async fn revoke<F: Fleet>(
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
async fn revoke_all<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
) -> Result<Json<Value>, ApiError> {
    state.accounts.revoke_all(caller.account, caller.who(), state.clock.now().wall_ms).await?;
    Ok(Json(json!({ "ok": true })))
}
