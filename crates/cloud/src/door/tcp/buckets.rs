//! How often something may happen: buckets that fill up again with time, one for each name, as many as are bounded.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

/// How many names are remembered; beyond, those that owe nothing are forgotten, or else all.
pub const MOST: usize = 1 << 16;

/// A bucket that holds so many, and gets one more each time `each` goes by; kept as when it will be full again.
#[derive(Clone, Copy)]
pub struct Rate {
    /// How many it holds.
    pub burst: u32,
    /// How long one takes to come back.
    pub each: Duration,
}

impl Rate {
    /// Whether nothing is left of what will be full at `full_at`.
    pub fn is_used_up(self, full_at: Duration, now: Duration) -> bool {
        full_at.saturating_sub(now) > self.each * self.burst.saturating_sub(1)
    }

    /// Takes one. It never owes more than it holds, so it is of use again soon after the last is taken.
    pub fn take(self, full_at: Duration, now: Duration) -> Duration {
        (full_at.max(now) + self.each).min(now + self.each * self.burst)
    }
}

/// A bucket for each name.
pub struct Buckets<K> {
    rate: Rate,
    full_at: HashMap<K, Duration>,
}

impl<K: Eq + Hash> Buckets<K> {
    /// All of them full.
    pub fn new(rate: Rate) -> Self {
        Self { rate, full_at: HashMap::new() }
    }

    /// Whether nothing is left under a name.
    pub fn is_used_up(&self, name: &K, now: Duration) -> bool {
        self.full_at.get(name).is_some_and(|full_at| self.rate.is_used_up(*full_at, now))
    }

    /// Takes one under a name.
    pub fn take(&mut self, name: K, now: Duration) {
        if self.full_at.len() >= MOST && !self.full_at.contains_key(&name) {
            self.full_at.retain(|_, full_at| *full_at > now);
            if self.full_at.len() >= MOST {
                self.full_at.clear();
            }
        }
        let full_at = self.full_at.entry(name).or_default();
        *full_at = self.rate.take(*full_at, now);
    }

    /// How many names are remembered.
    #[cfg(test)]
    pub fn count(&self) -> usize {
        self.full_at.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_of_use_again_soon_however_often_it_was_found_empty() {
        let rate = Rate { burst: 3, each: Duration::from_secs(1) };
        let (mut buckets, start) = (Buckets::new(rate), Duration::from_secs(9));
        for n in 0..100 {
            assert_eq!(buckets.is_used_up(&"a", start), n >= 3);
            buckets.take("a", start);
        }
        assert!(!buckets.is_used_up(&"b", start));
        assert!(!buckets.is_used_up(&"a", start + Duration::from_secs(1)));
    }
}
