//! A firmware update on its way to one device: what is offered, how it gets on, and how it ends.
//!
//! [`Gateway::update`](super::Gateway::update) puts an [`Order`] into the shard's mailbox, and whoever asked holds the
//! [`Transfer`]. In the shard the device's life does the rest: `underway` talks with the device, and
//! [`pintle_protocol::update::Sender`] says which chunk is next. Over TCP it is `device/tcp/updating.rs` that does.
//! Chunks leave in turns ([`crate::door`]), so that no transfer keeps the shard's other devices waiting. The file is
//! shared by all its transfers.
//!
//! That a device has taken a file does not mean that it runs it: [`Transfer::done`] says the first alone.

mod chunk_size;
mod order;
mod seats;
#[cfg(test)]
mod tests;
mod transfer;
mod underway;

pub use chunk_size::ChunkSize;
pub use order::{Begun, Order};
pub use seats::{Seat, Seats};
pub use transfer::{Canceller, Progress, Transfer, Transferred};
pub(super) use underway::{Step, Underway};

use pintle_protocol::update::Failure;
use std::sync::Arc;
use thiserror::Error;

/// A file for a device.
#[derive(Clone)]
pub struct Offer {
    /// The module's file, nothing added.
    pub file: Arc<[u8]>,
    /// Its SHA-256: with it a device goes on where an earlier transfer of the same file broke off.
    pub sha256: [u8; 32],
    /// What the module is for.
    pub function: Option<u8>,
    /// What was signed about it, at most [`pintle_protocol::update::MAX_STATEMENT`] bytes; empty for an unsigned one.
    pub statement: Arc<[u8]>,
}

/// Why a device did not take an update.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum UpdateError {
    /// The device has no live session.
    #[error("the device is not connected")]
    Offline,
    /// An update of the device is under way already, or as many as a shard sends at once.
    #[error("the device or the server is busy with other updates: try again when they are done")]
    Busy,
    /// The device said that it takes no updates of this kind.
    #[error("the device cannot take updates over this connection")]
    Unsupported,
    /// The file is empty or too long, or the statement is.
    #[error("the file or what was signed about it has a length that no device takes")]
    Impossible,
    /// The device said no, at the start or at the end.
    #[error("the device refused the update: {}", meaning(.0))]
    Refused(Failure),
    /// The device acknowledged what was never sent to it, or answered what it was not asked. Its session was ended.
    #[error("the device's acknowledgements are false; its session was ended")]
    Lied,
    /// The device fell silent.
    #[error("the device fell silent during the update")]
    Silent,
    /// The session ended, or the device began another one.
    #[error("the device's session ended during the update")]
    Ended,
    /// Somebody here broke it off.
    #[error("the update was cancelled")]
    Cancelled,
}

fn meaning(failure: &Failure) -> String {
    match failure.why {
        Some(why) => why.meaning().to_owned(),
        None => format!("it answered {}", failure.code),
    }
}
