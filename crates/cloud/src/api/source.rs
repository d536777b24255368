//! Where a request came from, in the only form it is used: to count, in memory.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::extract::FromRequestParts;
use axum::http::Extensions;
use axum::http::request::Parts;

use crate::guard::Origin;

/// The address at the other end of the connection; the listener sets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

impl<S: Sync> FromRequestParts<S> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(of(&parts.extensions))
    }
}

/// The origin of a request.
pub(super) fn of(extensions: &Extensions) -> Origin {
    extensions.get::<Peer>().map_or(Origin::Unknown, |peer| peer.0.ip().into())
}
