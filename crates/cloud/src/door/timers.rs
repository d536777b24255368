//! The shard's alarm clock: places that want to be looked at, in order of time.
//!
//! An alarm that is no longer wanted is not searched for; it rings, finds nothing due, and is gone.

use super::connection_id::Place;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Alarm {
    at: Duration,
    slot: u32,
    generation: u16,
    partition: u8,
}

/// Alarms, soonest first.
#[derive(Default)]
pub struct Timers {
    alarms: BinaryHeap<Reverse<Alarm>>,
}

impl Timers {
    /// Rings for `place` at `at`.
    pub fn set(&mut self, at: Duration, place: Place) {
        let Place { partition, slot, generation } = place;
        self.alarms.push(Reverse(Alarm { at, slot, generation, partition }));
    }

    /// When the next alarm rings.
    pub fn next(&self) -> Option<Duration> {
        self.alarms.peek().map(|Reverse(alarm)| alarm.at)
    }

    /// Takes the next place whose time has come.
    pub fn due(&mut self, now: Duration) -> Option<Place> {
        if self.next()? > now {
            return None;
        }
        let Reverse(Alarm { slot, generation, partition, .. }) = self.alarms.pop()?;
        Some(Place { partition, slot, generation })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alarms_ring_in_order_of_time_and_not_before() {
        let place = |slot| Place { partition: 0, slot, generation: 0 };
        let mut timers = Timers::default();
        timers.set(Duration::from_secs(2), place(2));
        timers.set(Duration::from_secs(1), place(1));
        assert_eq!(timers.due(Duration::from_millis(999)), None);
        assert_eq!(timers.due(Duration::from_secs(2)), Some(place(1)));
        assert_eq!(timers.due(Duration::from_secs(2)), Some(place(2)));
        assert_eq!(timers.next(), None);
    }
}
