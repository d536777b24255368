//! What whoever asked for an update holds of it.

use super::UpdateError;
use crate::device::command::{Command, Mailbox};
use pintle_protocol::DeviceId;
use pintle_protocol::update::Statistics;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{oneshot, watch};

/// How far a transfer is, in bytes of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The device has so many from the start on.
    pub stored: u32,
    /// The file has so many.
    pub of: u32,
    /// So many it had from before.
    pub resumed_from: u32,
}

/// A transfer that is over: the device has the whole file and took the finish. It need not run it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transferred {
    /// So many bytes the device had from before.
    pub resumed_from: u32,
    /// How many chunks were sent, those that were sent again included.
    pub sent: u64,
    /// How many of them were sent again.
    pub again: u64,
    /// What the device says of it.
    pub statistics: Statistics,
}

/// An update that a device has begun to take. Dropping this does not end it.
pub struct Transfer {
    pub(super) progress: watch::Receiver<Progress>,
    pub(super) done: oneshot::Receiver<Result<Transferred, UpdateError>>,
    pub(super) canceller: Canceller,
}

/// Breaks an update off.
#[derive(Clone)]
pub struct Canceller {
    pub(super) cancelled: Arc<AtomicBool>,
    /// Whom to tell.
    pub(super) shard: Option<(Mailbox, DeviceId)>,
}

impl Transfer {
    /// How far it is, now and whenever that changes by more than a little.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }

    /// Waits until the device answered the finish.
    ///
    /// # Errors
    /// [`UpdateError`].
    pub async fn done(self) -> Result<Transferred, UpdateError> {
        // Where nobody is left to say how it ended, the session is no more.
        self.done.await.unwrap_or(Err(UpdateError::Ended))
    }

    /// The same without waiting: how it ended, once; none while it goes on.
    pub fn try_done(&mut self) -> Option<Result<Transferred, UpdateError>> {
        match self.done.try_recv() {
            Ok(result) => Some(result),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Closed) => Some(Err(UpdateError::Ended)),
        }
    }

    /// Breaks it off. When the device has the whole file already, that comes too late.
    pub fn cancel(&self) {
        self.canceller.cancel();
    }

    /// What breaks it off, for somebody else to hold.
    pub fn canceller(&self) -> Canceller {
        self.canceller.clone()
    }
}

impl Canceller {
    /// Breaks the update off. When the device has the whole file already, that comes too late.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
        if let Some((shard, device)) = &self.shard {
            shard.put(Command::Cancelled(*device));
        }
    }
}
