//! How much may be on its way at once. The node's socket holds some thousand datagrams and drops the rest without a
//! word, so no more than a bounded number is sent that was not acknowledged within the last moment.

use std::time::Duration;

/// What is counted as on its way at most.
const MOST: u32 = 2048;
/// How many moments are told apart, and how long one is: what is older is on its way no more.
const MOMENTS: u64 = 8;
const MOMENT: Duration = Duration::from_millis(25);

/// Counts what was said lately and not acknowledged.
#[derive(Default)]
pub(super) struct Flow {
    counts: [u32; MOMENTS as usize],
    latest: u64,
}

fn moment(at: Duration) -> u64 {
    u64::try_from(at.as_millis() / MOMENT.as_millis()).unwrap_or(u64::MAX)
}

impl Flow {
    /// Forgets what is no longer on its way.
    pub(super) fn tick(&mut self, now: Duration) {
        let now = moment(now);
        for moment in self.latest + 1..=now.min(self.latest + MOMENTS) {
            if let Some(count) = self.counts.get_mut((moment % MOMENTS) as usize) {
                *count = 0;
            }
        }
        self.latest = now;
    }

    /// How many more may be said now.
    pub(super) fn room(&self) -> u32 {
        MOST.saturating_sub(self.counts.iter().sum())
    }

    /// Something was said.
    pub(super) fn said(&mut self) {
        if let Some(count) = self.counts.get_mut((self.latest % MOMENTS) as usize) {
            *count += 1;
        }
    }

    /// What was said first at `since` was acknowledged.
    pub(super) fn heard(&mut self, since: Duration) {
        let moment = moment(since);
        if moment + MOMENTS > self.latest
            && let Some(count) = self.counts.get_mut((moment % MOMENTS) as usize)
        {
            *count = count.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_acknowledged_or_old_makes_room() {
        let mut flow = Flow::default();
        let at = |millis| Duration::from_millis(millis);
        flow.tick(at(1000));
        (0..MOST).for_each(|_| flow.said());
        assert_eq!(flow.room(), 0);
        flow.heard(at(1000));
        assert_eq!(flow.room(), 1);
        flow.tick(at(1100));
        assert_eq!(flow.room(), 1);
        flow.tick(at(1200));
        assert_eq!(flow.room(), MOST);
        flow.heard(at(1000));
        assert_eq!(flow.room(), MOST);
    }
}
