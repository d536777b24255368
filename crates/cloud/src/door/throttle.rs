//! How often one source may cost us something before it is ignored for the rest of a second.
//!
//! Fixed memory whatever comes: sources share buckets chosen by a keyed hash, so nobody can aim at
//! another's bucket without knowing the key. What a source is, the caller says: an address alone is
//! easily lied about, so it counts alone only where nothing but an echo or a note of a refusal is lost.

use std::hash::{BuildHasher, Hash, RandomState};
use std::time::Duration;

const BUCKETS: usize = 4096;
const WINDOW: Duration = Duration::from_secs(1);

/// Counts per source and second.
pub struct Throttle {
    limit: u32,
    hasher: RandomState,
    buckets: Box<[(u32, Duration)]>,
}

impl Throttle {
    /// Allows each source `limit` counts a second.
    pub fn new(limit: u32) -> Self {
        let buckets = vec![(0, Duration::ZERO); BUCKETS].into();
        Self { limit, hasher: RandomState::new(), buckets }
    }

    /// Whether the source has used up its second.
    pub fn is_shut(&self, source: impl Hash, now: Duration) -> bool {
        let bucket = self.buckets.get(self.index(source));
        bucket.is_some_and(|(count, since)| *count >= self.limit && now < *since + WINDOW)
    }

    /// Counts against the source; false where it had used up its second before.
    pub fn count(&mut self, source: impl Hash, now: Duration) -> bool {
        let index = self.index(source);
        let Some((count, since)) = self.buckets.get_mut(index) else { return false };
        if now >= *since + WINDOW {
            (*count, *since) = (0, now);
        }
        *count = count.saturating_add(1);
        *count <= self.limit
    }

    fn index(&self, source: impl Hash) -> usize {
        self.hasher.hash_one(source) as usize % BUCKETS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    #[test]
    fn a_source_is_ignored_for_the_rest_of_its_second_and_no_longer() {
        let source = IpAddr::from([127, 0, 0, 1]);
        let mut throttle = Throttle::new(2);
        let start = Duration::from_secs(9);
        assert!(throttle.count(source, start) && throttle.count(source, start));
        assert!(throttle.is_shut(source, start));
        assert!(!throttle.count(source, start));
        let later = start + WINDOW;
        assert!(!throttle.is_shut(source, later) && throttle.count(source, later));
    }
}
