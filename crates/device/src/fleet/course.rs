//! Which part of its run a fleet is in, for how long, and when to tell of it.
//!
//! ```text
//! connecting ──▶ running ──▶ settling ──▶ the end
//!      └── all are in, or the time for it is over       (Ctrl-C goes to settling from anywhere)
//! ```

use super::plan::Plan;
use super::tally::Stage;
use std::time::Duration;

/// How long what is on its way is waited for after Ctrl-C.
const SETTLE_AFTER_STOP: Duration = Duration::from_secs(5);
/// How often the progress is told.
const TELL_EVERY: Duration = Duration::from_millis(250);

/// Where a run is.
pub(super) struct Course {
    pub(super) stage: Stage,
    since: Duration,
    told_at: Duration,
    pub(super) stopped: bool,
}

impl Course {
    pub(super) const fn new() -> Self {
        Self {
            stage: Stage::Connecting,
            since: Duration::ZERO,
            told_at: Duration::ZERO,
            stopped: false,
        }
    }

    /// How long this part has lasted.
    pub(super) fn elapsed(&self, now: Duration) -> Duration {
        now.saturating_sub(self.since)
    }

    /// Goes on to the next part where it is time for it, and says which that is.
    pub(super) fn next(
        &mut self,
        now: Duration,
        plan: &Plan,
        connected: u32,
        asked_to_stop: bool,
    ) -> Option<Stage> {
        let elapsed = self.elapsed(now);
        let all_in = connected == plan.devices || elapsed >= plan.connect_within;
        let next = match self.stage {
            Stage::Connecting | Stage::Running if asked_to_stop => Stage::Settling,
            Stage::Connecting if all_in => Stage::Running,
            Stage::Running if elapsed >= plan.duration => Stage::Settling,
            stage => stage,
        };
        self.stopped |= asked_to_stop;
        (next != self.stage).then(|| {
            (self.stage, self.since) = (next, now);
            next
        })
    }

    /// Whether the run is over: once nothing is on its way any more, or has been for too long.
    pub(super) fn is_over(&self, now: Duration, plan: &Plan, idle: bool) -> bool {
        let patience = if self.stopped { SETTLE_AFTER_STOP } else { plan.settle };
        self.stage == Stage::Settling && (idle || self.elapsed(now) >= patience)
    }

    /// Whether to tell of the progress now, and with which times: how long this part has lasted, and may last.
    pub(super) fn tells(&mut self, now: Duration, plan: &Plan) -> Option<(Duration, Duration)> {
        if now < self.told_at {
            return None;
        }
        self.told_at = now + TELL_EVERY;
        let limit = match self.stage {
            Stage::Connecting => plan.connect_within,
            Stage::Running => plan.duration,
            Stage::Settling => plan.settle,
        };
        Some((self.elapsed(now), limit))
    }
}
