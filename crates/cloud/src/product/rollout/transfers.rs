//! The offers that this node is carrying out just now: what only its memory knows.

use super::fact::Progress;
use pintle_protocol::DeviceId;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// One offer that is being carried out.
pub struct Live {
    stored: AtomicU32,
    of: AtomicU32,
    cancelled: watch::Sender<bool>,
}

impl Live {
    pub(super) fn new() -> Self {
        let (stored, of) = (AtomicU32::new(0), AtomicU32::new(0));
        Self { stored, of, cancelled: watch::Sender::new(false) }
    }

    /// The transfer is so far.
    pub fn is_at(&self, progress: Progress) {
        self.stored.store(progress.stored, Ordering::Relaxed);
        self.of.store(progress.of, Ordering::Relaxed);
    }

    /// How far the transfer is.
    pub fn progress(&self) -> Progress {
        let load = |of: &AtomicU32| of.load(Ordering::Relaxed);
        Progress { stored: load(&self.stored), of: load(&self.of) }
    }

    /// Waits until it is cancelled.
    pub async fn cancelled(&self) {
        // The sender is here, so there is always one.
        let _ = self.cancelled.subscribe().wait_for(|cancelled| *cancelled).await;
    }
}

type Map = HashMap<(u64, DeviceId), Arc<Live>>;

/// All of them, by rollout and device; clones share them.
#[derive(Clone, Default)]
pub struct Transfers {
    map: Arc<Mutex<Map>>,
}

impl Transfers {
    pub(super) fn begin(&self, rollout: u64, device: DeviceId) -> Arc<Live> {
        let live = Arc::new(Live::new());
        self.lock().insert((rollout, device), Arc::clone(&live));
        live
    }

    pub(super) fn end(&self, rollout: u64, device: DeviceId) {
        self.lock().remove(&(rollout, device));
    }

    pub(super) fn cancel(&self, rollout: u64) {
        let lives = self.lock();
        for (_, live) in lives.iter().filter(|((of, _), _)| *of == rollout) {
            live.cancelled.send_replace(true);
        }
    }

    /// How far those of a rollout are. To be taken before facts are read from the store: one that ends meanwhile has
    /// written down how.
    pub(super) fn of(&self, rollout: u64) -> HashMap<DeviceId, Progress> {
        let lives = self.lock();
        let of = lives.iter().filter(|((of, _), _)| *of == rollout);
        of.map(|((_, device), live)| (*device, live.progress())).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Map> {
        self.map.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
