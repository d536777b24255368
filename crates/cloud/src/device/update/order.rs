//! An update as its shard gets it, with everybody who is to be told.

use super::{Canceller, Offer, Progress, Transfer, Transferred, UpdateError};
use crate::device::command::Mailbox;
use pintle_protocol::DeviceId;
use pintle_protocol::update::MAX_STATEMENT;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::{oneshot, watch};

/// Progress is told in this many steps.
const STEPS: u32 = 128;

/// What is to be sent, and who wants to know how that goes. Whoever has it is the device's side of a [`Transfer`]:
/// a shard, or a test.
pub struct Order {
    /// What is to be sent.
    pub offer: Offer,
    begun: Option<oneshot::Sender<Result<(), UpdateError>>>,
    progress: watch::Sender<Progress>,
    done: Option<oneshot::Sender<Result<Transferred, UpdateError>>>,
    cancelled: Arc<AtomicBool>,
    length: u32,
}

/// Tells whether the device begins to take the update.
pub type Begun = oneshot::Receiver<Result<(), UpdateError>>;

impl Order {
    /// An order for a device on `shard`.
    ///
    /// # Errors
    /// [`UpdateError::Impossible`].
    pub fn new(
        offer: Offer,
        shard: Option<(Mailbox, DeviceId)>,
    ) -> Result<(Self, Begun, Transfer), UpdateError> {
        let length = u32::try_from(offer.file.len()).unwrap_or(0);
        if length == 0 || offer.statement.len() > MAX_STATEMENT {
            return Err(UpdateError::Impossible);
        }
        let (begun, begins) = oneshot::channel();
        let (done, ends) = oneshot::channel();
        let (progress, shown) = watch::channel(Progress { of: length, ..Progress::default() });
        let cancelled = Arc::new(AtomicBool::new(false));
        let canceller = Canceller { cancelled: Arc::clone(&cancelled), shard };
        let transfer = Transfer { progress: shown, done: ends, canceller };
        let (begun, done) = (Some(begun), Some(done));
        Ok((Self { offer, begun, progress, done, cancelled, length }, begins, transfer))
    }

    /// How long the file is, in bytes.
    pub const fn length(&self) -> u32 {
        self.length
    }

    /// Whether somebody broke it off.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// The device takes it, and has so many bytes of it from before.
    pub fn begin(&mut self, resumed_from: u32) {
        self.progress.send_modify(|progress| {
            (progress.stored, progress.resumed_from) = (resumed_from, resumed_from);
        });
        // Whoever asked may be gone before the device answered: then nobody wants it.
        let begun = self.begun.take().map(|begun| begun.send(Ok(())));
        if begun.is_some_and(|told| told.is_err()) {
            self.cancelled.store(true, Ordering::Relaxed);
        }
    }

    /// The device has so many bytes.
    pub fn stored(&self, stored: u32) {
        let step = (self.length / STEPS).max(1);
        self.progress.send_if_modified(|progress| {
            let tell = stored >= progress.stored.saturating_add(step) || stored == self.length;
            if tell {
                progress.stored = stored;
            }
            tell
        });
    }

    /// It is over.
    pub fn end(mut self, result: Result<Transferred, UpdateError>) {
        // Whoever asked may have gone.
        if let Some(begun) = self.begun.take() {
            let _ = begun.send(result.clone().map(|_| ()));
        }
        if let Some(done) = self.done.take() {
            let _ = done.send(result);
        }
    }
}
