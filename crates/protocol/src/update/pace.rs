//! How many chunks may be under way: as many as keep the way full, and a few more.
//!
//! While answers take no longer than the quickest did, nothing waits on the way and more may be sent: twice as many each
//! round trip at first, then one in eight. When they take longer, what waits is the share of the chunks under way by
//! which they do (as in TCP Vegas); it is kept between two small numbers. Only silence halves them.

use core::time::Duration;

const FIRST: u32 = 16;
const FEWEST: u32 = 4;

/// So many may wait on the way.
const FEW_WAIT: u32 = 4;
const MANY_WAIT: u32 = 12;

/// How many chunks may be under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    allowed: u32,
    window: u32,
    /// Nothing waited yet.
    at_start: bool,
    quickest: Option<Duration>,
    /// The quickest answer of this round trip.
    now: Option<Duration>,
    /// The order of the chunk whose arrival ends this round trip.
    ends: u64,
}

impl Pace {
    pub(super) fn new(window: u32) -> Self {
        let allowed = FIRST.min(window);
        Self { allowed, window, at_start: true, quickest: None, now: None, ends: 0 }
    }

    pub(super) const fn allowed(&self) -> u32 {
        self.allowed
    }

    /// An answer took so long.
    pub(super) fn measured(&mut self, took: Duration) {
        self.quickest = Some(self.quickest.map_or(took, |quickest| quickest.min(took)));
        self.now = Some(self.now.map_or(took, |now| now.min(took)));
    }

    /// Whether an answer can be as quick as that.
    pub(super) fn could_take(&self, took: Duration) -> bool {
        self.quickest.is_some_and(|quickest| took >= quickest)
    }

    /// So many chunks arrived, the latest of them sent as the `latest`; `order` is what was sent last.
    pub(super) fn arrived(&mut self, new: u32, latest: u64, order: u64) {
        if self.at_start {
            self.set(self.allowed.saturating_add(new));
        }
        if latest >= self.ends {
            self.ends = order + 1;
            self.end_round();
        }
    }

    /// Nothing was heard in time.
    pub(super) fn silent(&mut self) {
        self.at_start = false;
        self.set(self.allowed / 2);
    }

    fn end_round(&mut self) {
        let (Some(quickest), Some(now)) = (self.quickest, self.now.take()) else { return };
        let share = now.saturating_sub(quickest).as_secs_f32() / now.as_secs_f32().max(1e-6);
        let wait = (self.allowed as f32 * share) as u32;
        if wait > MANY_WAIT {
            self.at_start = false;
            self.set(self.allowed - (wait - MANY_WAIT));
        } else if wait < FEW_WAIT && !self.at_start {
            self.set(self.allowed.saturating_add((self.allowed / 8).max(1)));
        }
    }

    fn set(&mut self, allowed: u32) {
        self.allowed = allowed.max(FEWEST).min(self.window);
    }
}
