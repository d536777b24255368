//! The connection a request came on, as far as a handler may touch it: it can be cut.
//!
//! An answer that its reader does not take keeps the connection busy, and then nothing that is written to it
//! gets through, not even an end.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tokio::sync::Notify;

/// One connection; the listener puts it beside each of its requests. Clones are the same connection.
#[derive(Clone, Default)]
pub struct Line(Arc<Notify>);

impl Line {
    /// Closes the connection, whatever is still to be written on it.
    pub(super) fn cut(&self) {
        self.0.notify_one();
    }

    /// Waits until somebody cuts it. For one who waits.
    pub(super) async fn is_cut(&self) {
        self.0.notified().await;
    }
}

/// Without a listener (in tests) there is nothing to cut.
impl<S: Sync> FromRequestParts<S> for Line {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}
