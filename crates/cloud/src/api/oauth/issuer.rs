//! What this server calls itself to OAuth clients: as the operator says, or by the name that it was called by.
//!
//! A client compares it with the address that it asked (RFC 8414 3.3, RFC 9207), so a name that somebody else made up
//! reaches nobody but the one who made it up.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use super::super::{ApiState, Fleet};

/// An address without a path, such as `https://cloud.example.com`.
pub(super) struct Issuer(pub(super) String);

impl Issuer {
    /// The address of something under it.
    pub(super) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl<F: Fleet> FromRequestParts<ApiState<F>> for Issuer {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &ApiState<F>,
    ) -> Result<Self, Infallible> {
        if let Some(issuer) = &state.oauth.settings.issuer {
            return Ok(Self(issuer.get_ref().clone()));
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
        let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let host = host.filter(|host| !host.is_empty() && host.bytes().all(plain));
        Ok(Self(format!("https://{}", host.unwrap_or("localhost"))))
    }
}
