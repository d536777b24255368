//! The times when a fleet lost its node: how long that was gone, and how long it took until all devices were back.

use serde::Serialize;
use std::time::Duration;

/// A time when at least half of the devices lost their sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Outage {
    /// Sessions that were lost.
    pub lost: u32,
    /// From the first that was lost until the node spoke to somebody again, in seconds.
    pub away_seconds: f64,
    /// From then until all were back, in seconds.
    pub back_seconds: f64,
}

/// What is known of outages.
#[derive(Default)]
pub(super) struct Outages {
    open: Option<Open>,
    over: Vec<Outage>,
}

#[derive(Clone, Copy)]
struct Open {
    since: Duration,
    lost: u32,
    spoken: Option<Duration>,
}

impl Outages {
    /// A session was lost.
    pub(super) fn lost(&mut self, now: Duration) {
        let open = self.open.get_or_insert(Open { since: now, lost: 0, spoken: None });
        open.lost += 1;
        // Whoever spoke before the last was lost was not back yet.
        open.spoken = None;
    }

    /// The node spoke in a new connection.
    pub(super) fn spoken(&mut self, now: Duration) {
        if let Some(open) = &mut self.open {
            open.spoken.get_or_insert(now);
        }
    }

    /// All of so many devices are connected.
    pub(super) fn all_back(&mut self, now: Duration, devices: u32) {
        let Some(open) = self.open.take() else { return };
        if open.lost >= devices.div_ceil(2) {
            let spoken = open.spoken.unwrap_or(now);
            self.over.push(Outage {
                lost: open.lost,
                away_seconds: spoken.saturating_sub(open.since).as_secs_f64(),
                back_seconds: now.saturating_sub(spoken).as_secs_f64(),
            });
        }
    }

    /// Those that are over.
    pub(super) fn all(&self) -> Vec<Outage> {
        self.over.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_counts_from_the_nodes_first_word_until_the_last_device_is_back() {
        let mut outages = Outages::default();
        let at = Duration::from_secs;
        (10..14).for_each(|second| outages.lost(at(second)));
        outages.spoken(at(20));
        outages.spoken(at(21));
        outages.all_back(at(23), 8);
        let outage = Outage { lost: 4, away_seconds: 10.0, back_seconds: 3.0 };
        assert_eq!(outages.all(), [outage]);
        // One device alone is none.
        outages.lost(at(30));
        outages.all_back(at(31), 8);
        assert_eq!(outages.all(), [outage]);
    }
}
