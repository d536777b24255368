//! How a receiving host does: whether it sleeps, because much failed there.

use std::time::Duration;

use super::MANY;

const FIRST_SLEEP: Duration = Duration::from_secs(30);
const LONGEST_SLEEP: Duration = Duration::from_secs(600);

/// One host.
#[derive(Default)]
pub(super) struct Host {
    failed: u32,
    sleeps_until: Duration,
    /// How often it was put to sleep in a row.
    naps: u32,
    under_way: usize,
}

impl Host {
    /// Whether a delivery may go there. Where many failed, only one at a time finds out whether it is well again.
    pub(super) fn may_try(&self, now: Duration) -> bool {
        now >= self.sleeps_until && (self.failed < MANY || self.under_way == 0)
    }

    pub(super) fn sleeps_until(&self) -> Duration {
        self.sleeps_until
    }

    /// A delivery goes there.
    pub(super) fn tries(&mut self) {
        self.under_way += 1;
    }

    /// It came back.
    pub(super) fn tried(&mut self, now: Duration, well: bool) {
        self.under_way = self.under_way.saturating_sub(1);
        if well {
            (self.failed, self.naps, self.sleeps_until) = (0, 0, Duration::ZERO);
            return;
        }
        self.failed = self.failed.saturating_add(1);
        if self.failed >= MANY && now >= self.sleeps_until {
            let sleep = FIRST_SLEEP.saturating_mul(1 << self.naps.min(8)).min(LONGEST_SLEEP);
            self.sleeps_until = now + sleep;
            self.naps = self.naps.saturating_add(1);
        }
    }

    /// Whether there is nothing to remember of it.
    pub(super) fn is_fresh(&self) -> bool {
        self.failed == 0 && self.under_way == 0
    }
}
