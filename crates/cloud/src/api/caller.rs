//! Who calls: the bearer token of a request.

use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use super::error::ApiError;
use super::{ApiState, Fleet};
use crate::account::Caller;
use crate::weakened::{self, Weakness};

/// Who holds the token that came with a request.
pub(super) async fn caller<F: Fleet>(
    state: &ApiState<F>,
    parts: &Parts,
) -> Result<Caller, ApiError> {
    let in_address = parts.uri.query().and_then(|query| query.strip_prefix("access_token="));
    let in_address = in_address.filter(|_| weakened::is(Weakness::TokensInAddress));
    let token = bearer(&parts.headers).or(in_address).ok_or_else(ApiError::unauthorized)?;
    let caller = state.accounts.caller(token, state.clock.now().wall_ms).await?;
    let caller = caller.ok_or_else(ApiError::unauthorized)?;
    state.guard.belongs(token.as_bytes(), caller.account);
    Ok(caller)
}

/// RFC 6750 2.1. Tokens in the query or the body are not taken: they end up in logs.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}
