//! `/v1/access_tokens`: what a token is good for, and its end.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::address::Path;
use super::error::ApiError;
use super::oauth::end_of;
use super::route::{Needs, Route, delete, get};
use super::{ApiState, Fleet, caller};
use crate::account::{Caller, Held, Scope};
use crate::clock::iso8601;

pub(super) fn routes<F: Fleet>() -> Vec<Route<F>> {
    vec![
        get("/v1/access_tokens/current", Needs::Token, current)
            .says("Says what the token is good for."),
        delete("/v1/access_tokens/current", Needs::Token, revoke_current::<F>)
            .says("Ends the token."),
        get("/v1/access_tokens", Needs::Own(Scope::TokensList), list::<F>)
            .says("Lists the caller's tokens, without what they are used with."),
        delete("/v1/access_tokens", Needs::Own(Scope::TokensRemove), revoke_all::<F>)
            .says("Ends every token of the caller."),
        delete("/v1/access_tokens/{token}", Needs::Nothing, revoke::<F>)
            .says("Ends the token that the path names: holding it is the proof, or a token of the same account.")
            .fails(&[404]),
    ]
}

/// `GET /v1/access_tokens/current`.
async fn current(caller: Caller) -> Json<Value> {
    Json(json!({
        "expires_at": end_of(caller.expires_at_ms),
        "client": caller.client,
        "client_id": caller.client,
        "scopes": caller.scopes.names().collect::<Vec<_>>(),
        "orgs": [],
    }))
}

/// `GET /v1/access_tokens`: each with the mark that the audit log knows it by, by which it can be ended.
async fn list<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
) -> Result<Json<Value>, ApiError> {
    let held = state.accounts.held(&caller, state.clock.now().wall_ms).await?;
    let shown: Vec<Value> = held.iter().map(shown).collect();
    Ok(Json(Value::from(shown)))
}

fn shown(token: &Held) -> Value {
    json!({
        "token": token.mark,
        "client": token.client,
        "scopes": token.scopes.names().collect::<Vec<_>>(),
        "created_at": iso8601(token.created_at_ms),
        "expires_at": end_of(token.expires_at_ms),
        "current": token.is_current,
    })
}

/// `DELETE /v1/access_tokens/current`.
async fn revoke_current<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
) -> Result<Json<Value>, ApiError> {
    state.accounts.revoke_current(&caller, state.clock.now().wall_ms).await?;
    Ok(Json(json!({ "ok": true })))
}

/// `DELETE /v1/access_tokens/{token}`: holding the token is the proof. A mark from the list needs another token of the
/// same account.
async fn revoke<F: Fleet>(
    State(state): State<ApiState<F>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let now_ms = state.clock.now().wall_ms;
    let mut revoked = state.accounts.revoke(&token, now_ms).await?;
    if !revoked
        && let Some(bearer) = caller::bearer(&headers)
        && let Some(caller) = state.accounts.caller(bearer, now_ms).await?
        && caller.scopes.contains(Scope::TokensRemove)
    {
        revoked = state.accounts.revoke_marked(&caller, &token, now_ms).await?;
    }
    match revoked {
        true => Ok(Json(json!({ "ok": true }))),
        false => Err(ApiError::not_found("There is no such token.")),
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
