//! How much of a shard's time handshakes may take. Their public-key work costs a hundred times what a
//! message does, and anybody with a cookie may ask for it: a storm of them must not starve the devices that
//! are in already (promise P11).

use std::time::Duration;

/// The share of the time that handshakes get while established devices have something to say.
const SHARE: u32 = 2;

/// The most time that may be saved up, and so the longest that a message waits behind handshakes.
const SAVED: Duration = Duration::from_millis(1);

/// The longest turn when nobody else has anything to say.
const QUIET_TURN: Duration = Duration::from_millis(1);

/// The time that handshakes may take.
#[derive(Default)]
pub struct Budget {
    saved: Duration,
    owed: Duration,
    refilled: Duration,
}

impl Budget {
    /// How long the next turn of handshakes may last at `now`. `busy` says whether established devices were
    /// heard since the last one: then it comes out of what was saved up, half of the time gone by.
    pub fn turn(&mut self, now: Duration, busy: bool) -> Duration {
        let earned = now.saturating_sub(self.refilled) / SHARE;
        self.refilled = now;
        let left = earned.saturating_sub(self.owed);
        self.owed = self.owed.saturating_sub(earned);
        self.saved = (self.saved + left).min(SAVED);
        if busy { self.saved } else { QUIET_TURN }
    }

    /// Notes that a turn took so long. One that took longer than it might is paid back before the next.
    pub fn spent(&mut self, spent: Duration) {
        self.owed = (self.owed + spent.saturating_sub(self.saved)).min(SAVED);
        self.saved = self.saved.saturating_sub(spent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Duration = Duration::from_micros(150);

    /// How much of a second handshakes get, where each round also spends `elsewhere` on messages.
    fn share(elsewhere: Duration, busy: bool) -> Duration {
        let (mut budget, mut now, mut shaking) =
            (Budget::default(), Duration::ZERO, Duration::ZERO);
        while now < Duration::from_secs(1) {
            now += elsewhere;
            let turn = budget.turn(now, busy);
            let mut spent = Duration::ZERO;
            while spent < turn {
                spent += STEP;
            }
            budget.spent(spent);
            (now, shaking) = (now + spent, shaking + spent);
        }
        shaking
    }

    #[test]
    fn p11_handshakes_take_half_of_a_busy_shards_time_at_most() {
        for elsewhere in [50, 300, 2000].map(Duration::from_micros) {
            let shaking = share(elsewhere, true);
            assert!(shaking <= Duration::from_millis(510), "{elsewhere:?}: {shaking:?}");
            assert!(shaking >= Duration::from_millis(300), "{elsewhere:?}: {shaking:?}");
        }
    }

    #[test]
    fn an_idle_shard_gives_handshakes_nearly_all_its_time() {
        assert!(share(Duration::from_micros(50), false) >= Duration::from_millis(900));
    }
}
