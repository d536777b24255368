//! How what a journal keeps is sealed: sessions, and the rows of events that somebody waits for.

use crate::event::{Published, outbox};
use crate::node_key::Sealer;
use std::sync::Arc;

/// The sealing of what a journal keeps.
pub struct Seals {
    /// Sessions.
    pub sessions: Sealer,
    /// Rows.
    pub rows: Sealer,
    /// What both are bound to.
    pub incarnation: [u8; 32],
}

impl Seals {
    fn context(&self, row: u64) -> Vec<u8> {
        [self.incarnation.as_slice(), &row.to_be_bytes()].concat()
    }

    /// An event as a row keeps it, with who waits for it.
    pub(super) fn row(&self, number: u64, event: &Published) -> Option<Vec<u8>> {
        let plain = outbox::write(event, event.wanted());
        let sealed = self.rows.seal(&self.context(number), &plain);
        sealed.inspect_err(|error| tracing::error!(%error, "an event cannot be kept")).ok()
    }

    /// The event in a row.
    pub fn open_row(&self, number: u64, sealed: &[u8]) -> Option<Arc<Published>> {
        let plain = self.rows.open(&self.context(number), sealed).ok()?;
        let (event, wanted) = outbox::read(&plain)?;
        Some(Published::kept(event, wanted))
    }
}
