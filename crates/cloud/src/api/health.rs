//! For load balancers and for finders of weaknesses: `/healthz`, `/readyz`, `/.well-known/security.txt`.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::error::ApiError;
use super::route::{Gives, Needs, Route, get};
use super::{ApiState, Fleet};
use crate::clock::iso8601;

/// RFC 9116 2.5.5 recommends less than a year.
const SECURITY_TXT_DAYS: i64 = 180;

pub(super) fn routes<F: Fleet>() -> Vec<Route<F>> {
    vec![
        get("/healthz", Needs::Nothing, alive).says("Says that the process answers."),
        get("/readyz", Needs::Nothing, ready::<F>).says("Says whether the node can serve."),
        get("/.well-known/security.txt", Needs::Nothing, security_txt::<F>)
            .says("Says where to report weaknesses.")
            .gives(200, Gives::Text)
            .fails(&[404]),
    ]
}

/// The process answers.
async fn alive() -> Json<Value> {
    Json(json!({ "ok": true }))
}

/// The node can serve: the store answers and no end is under way.
async fn ready<F: Fleet>(State(state): State<ApiState<F>>) -> Result<Json<Value>, ApiError> {
    let not_ready = |why| ApiError::coded(StatusCode::SERVICE_UNAVAILABLE, "not ready", why);
    if *state.shutdown.borrow() {
        return Err(not_ready("The node is ending."));
    }
    state.store.ping().await.map_err(|_| not_ready("The store does not answer."))?;
    Ok(Json(json!({ "ok": true })))
}

/// RFC 9116.
async fn security_txt<F: Fleet>(State(state): State<ApiState<F>>) -> Result<Response, ApiError> {
    let contact = state.contact.as_deref().ok_or_else(|| {
        ApiError::not_found(
            "No contact is set: the operator sets [security] contact in config.toml.",
        )
    })?;
    let expires = iso8601(state.clock.now().wall_ms + SECURITY_TXT_DAYS * 24 * 3_600 * 1_000);
    let text = format!("Contact: {contact}\nExpires: {expires}\nPreferred-Languages: en\n");
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}
