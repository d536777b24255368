//! A door's alarm clock: places that want to be looked at, in order of time.
//!
//! An alarm that is no longer wanted is not searched for; it rings, finds nothing due, and is gone.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// Alarms, soonest first.
pub struct Timers<T> {
    alarms: BinaryHeap<Reverse<(Duration, T)>>,
}

impl<T: Ord> Default for Timers<T> {
    fn default() -> Self {
        Self { alarms: BinaryHeap::new() }
    }
}

impl<T: Ord> Timers<T> {
    /// Rings for `place` at `at`.
    pub fn set(&mut self, at: Duration, place: T) {
        self.alarms.push(Reverse((at, place)));
    }

    /// When the next alarm rings.
    pub fn next(&self) -> Option<Duration> {
        self.alarms.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes the next place whose time has come.
    pub fn due(&mut self, now: Duration) -> Option<T> {
        if self.next()? > now {
            return None;
        }
        self.alarms.pop().map(|Reverse((_, place))| place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alarms_ring_in_order_of_time_and_not_before() {
        let mut timers = Timers::default();
        timers.set(Duration::from_secs(2), 2);
        timers.set(Duration::from_secs(1), 1);
        assert_eq!(timers.due(Duration::from_millis(999)), None);
        assert_eq!(timers.due(Duration::from_secs(2)), Some(1));
        assert_eq!(timers.due(Duration::from_secs(2)), Some(2));
        assert_eq!(timers.next(), None);
    }
}
