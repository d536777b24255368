//! Why somebody does a dangerous act: the header `X-Reason`, for the audit log.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// The header.
const HEADER: &str = "x-reason";
/// The most characters of it that are kept.
const MOST: usize = 256;

/// The reason that came with a request, if one did.
pub(in crate::api) struct Reason(pub(in crate::api) Option<String>);

impl<S: Sync> FromRequestParts<S> for Reason {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let value = parts.headers.get(HEADER).map(|value| value.as_bytes());
        let text = value.and_then(|bytes| std::str::from_utf8(bytes).ok()).map(str::trim);
        let kept = text.map(|text| text.chars().filter(|c| !c.is_control()).take(MOST).collect());
        Ok(Self(kept.filter(|text: &String| !text.is_empty())))
    }
}
