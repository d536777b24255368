//! How long to wait before the next handshake: at once the first time, then 1 s, doubled after every fifth
//! failure, at most 128 s. A refused device so drums at no cloud.

use std::time::Duration;

/// Failures since the device was last connected.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
    was_connected: bool,
}

impl Backoff {
    /// The device is connected: its next loss is no failure to connect.
    pub(crate) fn clear(&mut self) {
        *self = Self { failures: 0, was_connected: true };
    }

    /// The wait after one more loss.
    pub(crate) fn next_delay(&mut self) -> Duration {
        if std::mem::take(&mut self.was_connected) {
            return Duration::ZERO;
        }
        self.failures = self.failures.saturating_add(1);
        Duration::from_secs(1 << ((self.failures - 1) / 5).min(7))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_after_every_fifth_failure_up_to_a_cap() {
        let mut backoff = Backoff::default();
        let waits: Vec<u64> = (0..50).map(|_| backoff.next_delay().as_secs()).collect();
        assert_eq!(waits[..6], [1, 1, 1, 1, 1, 2]);
        assert_eq!(waits[35..], [128; 15]);
        backoff.clear();
        assert_eq!(backoff.next_delay(), Duration::ZERO);
        assert_eq!(backoff.next_delay().as_secs(), 1);
    }
}
