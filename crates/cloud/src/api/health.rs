//! For load balancers and for finders of weaknesses: `/healthz`, `/readyz`, `/.well-known/security.txt`,
//! `/.well-known/pintle-attack`.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

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
/// Of a file with a token, no more is read, in bytes.
const LONGEST_CONSENT: u64 = 64;

pub(super) fn routes<F: Fleet>() -> Vec<Route<F>> {
    vec![
        get("/healthz", Needs::Nothing, alive).says("Says that the process answers."),
        get("/readyz", Needs::Nothing, ready::<F>).says("Says whether the node can serve."),
        get("/.well-known/security.txt", Needs::Nothing, security_txt::<F>)
            .says("Says where to report weaknesses.")
            .gives(200, Gives::Text)
            .fails(&[404]),
        get("/.well-known/pintle-attack", Needs::Nothing, consent::<F>)
            .says("Shows the token by which the operator agrees that this server is attacked.")
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

/// What `pintle attack` looks for before it attacks another machine: the token in the data folder, while it is there.
async fn consent<F: Fleet>(State(state): State<ApiState<F>>) -> Result<Response, ApiError> {
    let file = state.consent.clone();
    let read = move || file.and_then(|file| token_in(&file));
    let token = tokio::task::spawn_blocking(read).await.ok().flatten();
    let token = token.ok_or_else(|| ApiError::not_found("Nobody agreed to an attack."))?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], token).into_response())
}

/// The token in this file, and never anything else that may be in it.
fn token_in(file: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(file).ok()?.take(LONGEST_CONSENT).read_to_string(&mut text).ok()?;
    let token = text.trim();
    let is_token = token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_token.then(|| format!("{token}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_holds_anything_but_a_token_is_not_shown() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "0123456789abcdef0123456789abcdef\n").unwrap();
        assert_eq!(token_in(file.path()).unwrap(), "0123456789abcdef0123456789abcdef\n");
        for other in ["", "root:x:0:0", "0123456789abcdef0123456789abcde", &"a".repeat(33)] {
            std::fs::write(file.path(), other).unwrap();
            assert_eq!(token_in(file.path()), None, "{other}");
        }
    }
}
