//! The bounds of an attack: how long it may go on, and how much it may send.

use std::time::{Duration, Instant};

/// How far an attack may go. Each case has a fresh one.
#[derive(Debug)]
pub struct Course {
    until: Instant,
    sends_left: u32,
    /// Where its random choices begin: the same seed, the same attack.
    pub seed: u64,
}

impl Course {
    /// So long, and so many datagrams or requests.
    #[must_use]
    pub fn new(time: Duration, sends: u32, seed: u64) -> Self {
        let until = Instant::now().checked_add(time).unwrap_or_else(Instant::now);
        Self { until, sends_left: sends, seed }
    }

    /// Takes one datagram or request from what may be sent; `false` where nothing is left or time is over.
    pub fn may_send(&mut self) -> bool {
        let may = self.sends_left > 0 && Instant::now() < self.until;
        self.sends_left = self.sends_left.saturating_sub(u32::from(may));
        may
    }

    /// What is left of the time.
    #[must_use]
    pub fn time_left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }
}
