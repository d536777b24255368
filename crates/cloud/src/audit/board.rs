//! Where the writing thread pins up the newest signed head, for whoever takes it to a second place.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::key::SignedHead;

/// The newest head. Cheap to clone; whoever writes never waits for whoever reads.
#[derive(Clone, Default)]
pub(crate) struct Board {
    shared: Arc<(Mutex<Pinned>, Condvar)>,
}

#[derive(Clone, Copy, Default)]
struct Pinned {
    newest: Option<SignedHead>,
    closed: bool,
}

impl Board {
    /// Pins up a head that is durable.
    pub(crate) fn put(&self, head: SignedHead) {
        self.lock().newest = Some(head);
        self.ring();
    }

    /// Lets everyone who waits go on.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.ring();
    }

    /// Lets everyone who waits look whether to go on.
    pub(crate) fn ring(&self) {
        // Whoever looks and is about to wait holds the lock: it cannot miss the bell.
        drop(self.lock());
        self.shared.1.notify_all();
    }

    /// The newest head of this process, if anything was written yet.
    pub(crate) fn newest(&self) -> Option<SignedHead> {
        self.lock().newest
    }

    /// Waits until a head past `seen` is there, or `within` passed, or it is to stop; whether to go on after that.
    pub(crate) fn wait(&self, seen: u64, within: Duration, stop: &AtomicBool) -> bool {
        self.wait_while(within, stop, |pinned| {
            pinned.newest.is_none_or(|newest| newest.head.seq <= seen)
        })
    }

    /// Waits so long, or until it is to stop.
    pub(crate) fn pause(&self, within: Duration, stop: &AtomicBool) {
        self.wait_while(within, stop, |_| true);
    }

    fn wait_while(
        &self,
        within: Duration,
        stop: &AtomicBool,
        wait: impl Fn(&Pinned) -> bool,
    ) -> bool {
        let stopped = |pinned: &Pinned| pinned.closed || stop.load(Ordering::Relaxed);
        let waits = |pinned: &mut Pinned| !stopped(pinned) && wait(pinned);
        let waited = self.shared.1.wait_timeout_while(self.lock(), within, waits);
        !stopped(&waited.unwrap_or_else(PoisonError::into_inner).0)
    }

    fn lock(&self) -> MutexGuard<'_, Pinned> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
