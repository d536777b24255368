//! How far one reader is behind, counted without a lock by those who publish and by the one who reads.
//!
//! A reader may have so many events waiting, and so many bytes of them. What comes on top is lost to it and
//! counted, until it has caught up. When it has lost too much it is given up.

use super::Published;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use tokio::sync::Notify;

/// How many events may wait for one reader before it starts to lose them.
pub const READER_DEPTH: usize = 1024;
/// How many bytes of events may wait for one reader before it starts to lose them: 1 MiB.
pub const READER_BYTES: usize = 1 << 20;
/// How many events a reader may lose without ever catching up, before it is given up.
pub const MOST_LOST: u64 = 16 * READER_DEPTH as u64;

/// Why a reader was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TooSlow {
    /// It lost more than [`MOST_LOST`] events and never caught up in between.
    Lost,
    /// Events waited, and for a long time it took none.
    Stalled,
}

/// The counts of a whole bus.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) missed: AtomicU64,
    pub(super) given_up: AtomicU64,
}

/// The counts of one reader.
///
/// They are exact for one publisher. Several at once may each put in one event more than there is room for.
#[derive(Debug, Default)]
pub(super) struct Gauge {
    waiting: AtomicUsize,
    bytes: AtomicUsize,
    taken: AtomicU64,
    /// Lost, and the reader was not told yet.
    missed: AtomicU64,
    /// Lost since it last had caught up.
    lost: AtomicU64,
    over: AtomicBool,
    too_slow: OnceLock<TooSlow>,
    given_up: Notify,
}

impl Gauge {
    /// Makes room for an event; false where there is none.
    pub(super) fn reserve(&self, event: &Published) -> bool {
        let room = self.waiting.load(Ordering::Relaxed) < READER_DEPTH
            && self.bytes.load(Ordering::Relaxed) < READER_BYTES;
        if room {
            self.waiting.fetch_add(1, Ordering::Relaxed);
            self.bytes.fetch_add(event.size(), Ordering::Relaxed);
        }
        room
    }

    /// Counts an event that the reader has taken.
    pub(super) fn took(&self, event: &Published) {
        self.taken.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_sub(event.size(), Ordering::Relaxed);
        if self.waiting.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.lost.store(0, Ordering::Relaxed);
        }
    }

    /// Counts an event that found no room; gives the reader up when that is one too many.
    pub(super) fn lose(&self, totals: &Totals) {
        self.missed.fetch_add(1, Ordering::Relaxed);
        totals.missed.fetch_add(1, Ordering::Relaxed);
        if self.lost.fetch_add(1, Ordering::Relaxed) >= MOST_LOST {
            self.give_up(TooSlow::Lost, totals);
        }
    }

    /// Nothing more is for this reader, since it does not keep up.
    pub(super) fn give_up(&self, why: TooSlow, totals: &Totals) {
        if self.too_slow.set(why).is_ok() {
            totals.given_up.fetch_add(1, Ordering::Relaxed);
        }
        self.end();
        self.given_up.notify_one();
    }

    /// Nothing more is for this reader.
    pub(super) fn end(&self) {
        self.over.store(true, Ordering::Release);
    }

    /// Whether nothing more is for this reader.
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// Why the reader was given up, if it was.
    pub(super) fn too_slow(&self) -> Option<TooSlow> {
        self.too_slow.get().copied()
    }

    /// Waits until the reader is given up.
    pub(super) async fn given_up(&self) {
        self.given_up.notified().await;
    }

    /// How many events were lost since this was last asked.
    pub(super) fn take_missed(&self) -> u64 {
        // Almost always there are none: looking costs the other readers of the line less than swapping.
        if self.missed.load(Ordering::Relaxed) == 0 {
            return 0;
        }
        self.missed.swap(0, Ordering::Relaxed)
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    pub(super) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }
}
