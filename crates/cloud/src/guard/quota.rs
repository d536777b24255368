//! How often something may happen: the generic cell rate algorithm (ITU-T I.371, annex A) on whole nanoseconds.
//!
//! A bucket is one number: when it will be full again, in nanoseconds since a fixed start. What it owes is what lies
//! between now and then.

use std::num::NonZeroU32;
use std::time::Duration;

/// So many in so long: a bucket that holds `burst`, and gets one back each `within / burst`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    burst: NonZeroU32,
    /// How long one takes to come back, in nanoseconds; at least one.
    each: u64,
}

impl Quota {
    /// `burst` within any time of length `within`, and twice that at most where the bucket was full before.
    #[must_use]
    pub fn new(burst: NonZeroU32, within: Duration) -> Self {
        Self { burst, each: (nanos(within) / u64::from(burst.get())).max(1) }
    }

    /// Takes one out of a bucket that is full at `full_at`: when it is full then, or how long to wait for one.
    pub(super) fn take(self, full_at: u64, now: Duration) -> Result<u64, Duration> {
        let now = nanos(now);
        let after = full_at.max(now).saturating_add(self.each);
        match after.saturating_sub(now).checked_sub(self.whole()) {
            None | Some(0) => Ok(after),
            Some(wait) => Err(Duration::from_nanos(wait)),
        }
    }

    /// Puts one back.
    pub(super) fn give_back(self, full_at: u64) -> u64 {
        full_at.saturating_sub(self.each)
    }

    /// How many are out of it, rounded up.
    pub(super) fn owed(self, full_at: u64, now: Duration) -> u32 {
        let left = full_at.saturating_sub(nanos(now));
        u32::try_from(left.div_ceil(self.each)).unwrap_or(u32::MAX)
    }

    fn whole(self) -> u64 {
        self.each.saturating_mul(u64::from(self.burst.get()))
    }
}

/// Whole nanoseconds; 584 years are enough.
pub(super) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn quota(burst: u32, seconds: u64) -> Quota {
        Quota::new(NonZeroU32::new(burst).unwrap(), Duration::from_secs(seconds))
    }

    #[test]
    fn a_full_bucket_gives_its_burst_and_then_one_at_a_time() {
        let (quota, start) = (quota(10, 100), Duration::from_secs(5));
        let mut full_at = 0;
        for owed in 0..10 {
            assert_eq!(quota.owed(full_at, start), owed);
            full_at = quota.take(full_at, start).unwrap();
        }
        assert_eq!(quota.take(full_at, start), Err(Duration::from_secs(10)));
        let later = start + Duration::from_secs(10);
        full_at = quota.take(full_at, later).unwrap();
        assert_eq!(quota.take(full_at, later), Err(Duration::from_secs(10)));
        full_at = quota.give_back(full_at);
        assert!(quota.take(full_at, later).is_ok());
    }

    proptest! {
        #[test]
        fn in_no_window_there_is_more_than_burst_and_what_came_back(
            burst in 1_u32..20,
            seconds in 1_u64..1_000,
            steps in prop::collection::vec(0_u64..100_000, 1..200),
        ) {
            let quota = quota(burst, seconds);
            let (mut full_at, mut now, mut taken) = (0, Duration::from_secs(1_000), Vec::new());
            for step in steps {
                now += Duration::from_millis(step);
                match quota.take(full_at, now) {
                    Ok(after) => { full_at = after; taken.push(now); }
                    // Who waits as long as was said is let in.
                    Err(wait) => prop_assert!(quota.take(full_at, now + wait).is_ok()),
                }
            }
            for (first, begin) in taken.iter().enumerate() {
                for (last, end) in taken.iter().enumerate().skip(first) {
                    let back = (*end - *begin).as_secs_f64() * f64::from(burst) / seconds as f64;
                    prop_assert!((last - first + 1) as f64 <= f64::from(burst) + back + 1e-6);
                }
            }
        }
    }
}
