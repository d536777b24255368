//! How long what was read waits for what comes right behind it, before the disk gets it.

use super::socket::BATCH;
use std::time::Duration;

/// While there is more to read, how long what was read waits for it before it goes to the disk together: a sync costs
/// as much as hundreds of messages do.
const GATHERING: Duration = Duration::from_millis(2);

/// Whether a frame for the disk is to wait for what comes right behind.
#[derive(Clone, Copy, Debug, Default)]
pub struct Gathering {
    since: Option<Duration>,
}

impl Gathering {
    /// So many datagrams were read at `now`.
    pub fn read(&mut self, count: usize, now: Duration) {
        self.since = (count == BATCH).then(|| self.since.unwrap_or(now));
    }

    /// Whether there may be more to read.
    pub fn is_under_way(self) -> bool {
        self.since.is_some()
    }

    /// Whether the disk is to get what there is.
    pub fn is_over(self, now: Duration) -> bool {
        self.since.is_none_or(|since| now.saturating_sub(since) >= GATHERING)
    }

    /// The disk got what there was at `now`.
    pub fn begin_anew(&mut self, now: Duration) {
        self.since = self.since.map(|_| now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_goes_to_the_disk_at_once_unless_more_comes_right_behind() {
        let at = Duration::from_micros;
        let mut gathering = Gathering::default();
        gathering.read(BATCH - 1, at(0));
        assert!(gathering.is_over(at(0)) && !gathering.is_under_way());
        gathering.read(BATCH, at(10));
        assert!(!gathering.is_over(at(10)) && gathering.is_under_way());
        gathering.read(BATCH, at(1500));
        assert!(!gathering.is_over(at(2009)));
        assert!(gathering.is_over(at(2010)));
        gathering.begin_anew(at(2010));
        assert!(!gathering.is_over(at(4009)));
        gathering.read(0, at(2500));
        assert!(gathering.is_over(at(2500)) && !gathering.is_under_way());
    }
}
