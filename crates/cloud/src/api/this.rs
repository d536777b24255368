//! What a path names, as the gate found it: handlers ask for it and check nothing.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::error::ApiError;
use crate::account::Caller;

/// The device, product or organisation that the path names. The route must need it: see [`super::route::Needs`].
#[derive(Clone)]
pub(super) struct This<T>(pub(super) T);

impl<T: Clone + Send + Sync + 'static, S: Sync> FromRequestParts<S> for This<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| unasked("what its path names"))
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| unasked("who calls"))
    }
}

/// A route whose handler wants what the route does not need is a mistake in the table, which its walk finds.
fn unasked(what: &str) -> ApiError {
    tracing::error!("a handler asks for {what}, and its route does not need it");
    ApiError::internal()
}
