//! What is remembered by name, in memory that never grows: so many places, eight to a set, chosen by the name.
//!
//! A name is 64 bits of a keyed hash, so nobody outside can choose two that fall into one set. Where a set is full
//! the one that owes least makes room: who asks for the most is remembered longest, and a flood of new names costs
//! those that owe much nothing.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::quota::{Quota, nanos};

const WAYS: usize = 8;

/// A name of whatever is counted, as a keyed hash.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Name(pub(super) u64);

#[derive(Clone, Copy, Default)]
struct Place {
    name: u64,
    /// When there is nothing left to remember, in nanoseconds since the start. An empty place is one long past.
    until: u64,
}

type Set = [Place; WAYS];

/// Buckets and marks by name. What is in it takes 17 bytes a name, whether in use or not.
pub struct Ledger {
    sets: Box<[Mutex<Set>]>,
    /// Never chosen, for there is always one of the others; it saves a panic that cannot be.
    spare: Mutex<Set>,
}

impl Ledger {
    /// Room for so many names, rounded up to whole sets.
    #[must_use]
    pub fn new(names: usize) -> Self {
        let sets = names.div_ceil(WAYS).max(1);
        Self { sets: (0..sets).map(|_| Mutex::default()).collect(), spare: Mutex::default() }
    }

    /// Takes one out of this name's bucket: how many were out before, or how long to wait for one.
    ///
    /// # Errors
    /// The time until there is one again.
    pub fn take(&self, name: Name, quota: Quota, now: Duration) -> Result<u32, Duration> {
        let mut set = self.set(name);
        let until = find(&set, name).map_or(0, |place| place.until);
        let after = quota.take(until, now)?;
        put(&mut set, name, after);
        Ok(quota.owed(until, now))
    }

    /// Puts back what was taken.
    pub fn give_back(&self, name: Name, quota: Quota) {
        if let Some(place) = self.set(name).iter_mut().find(|place| place.name == name.0) {
            place.until = quota.give_back(place.until);
        }
    }

    /// Marks this name until then.
    pub fn mark(&self, name: Name, until: Duration) {
        put(&mut self.set(name), name, nanos(until));
    }

    /// Whether this name is marked.
    pub fn is_marked(&self, name: Name, now: Duration) -> bool {
        find(&self.set(name), name).is_some_and(|place| place.until > nanos(now))
    }

    /// Forgets the names of which nothing is left to remember.
    pub fn forget(&self, now: Duration) {
        let now = nanos(now);
        for set in &self.sets {
            let mut set = lock(set);
            for place in set.iter_mut().filter(|place| place.until <= now) {
                *place = Place::default();
            }
        }
    }

    /// How many names are remembered.
    #[must_use]
    pub fn names(&self) -> usize {
        self.sets.iter().map(|set| lock(set).iter().filter(|place| place.name != 0).count()).sum()
    }

    fn set(&self, name: Name) -> MutexGuard<'_, Set> {
        // The high bits choose: a name's low bits differ within a set, too.
        let chosen = (u128::from(name.0) * self.sets.len() as u128) >> 64;
        let chosen = usize::try_from(chosen).unwrap_or_default();
        lock(self.sets.get(chosen).unwrap_or(&self.spare))
    }
}

fn lock(set: &Mutex<Set>) -> MutexGuard<'_, Set> {
    set.lock().unwrap_or_else(PoisonError::into_inner)
}

fn find(set: &Set, name: Name) -> Option<Place> {
    set.iter().find(|place| place.name == name.0).copied()
}

fn put(set: &mut Set, name: Name, until: u64) {
    let own = set.iter().position(|place| place.name == name.0);
    let least = || (0..WAYS).min_by_key(|at| set.get(*at).map_or(0, |place| place.until));
    let at = own.or_else(least).unwrap_or_default();
    if let Some(place) = set.get_mut(at) {
        *place = Place { name: name.0, until };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;

    fn quota(burst: u32) -> Quota {
        Quota::new(NonZeroU32::new(burst).unwrap(), Duration::from_secs(100))
    }

    /// Spreads like the hash does.
    fn name(number: u64) -> Name {
        Name((number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    #[test]
    fn names_do_not_share_a_bucket_and_what_is_given_back_is_there_again() {
        let (ledger, now) = (Ledger::new(1_000), Duration::from_secs(1));
        for number in 0..100 {
            assert_eq!(ledger.take(name(number), quota(2), now), Ok(0));
            assert_eq!(ledger.take(name(number), quota(2), now), Ok(1));
            assert_eq!(ledger.take(name(number), quota(2), now), Err(Duration::from_secs(50)));
        }
        ledger.give_back(name(7), quota(2));
        assert!(ledger.take(name(7), quota(2), now).is_ok());
        assert!(ledger.take(name(8), quota(2), now).is_err());
        assert_eq!(ledger.names(), 100);
        ledger.forget(now + Duration::from_secs(100));
        assert_eq!(ledger.names(), 0);
    }

    #[test]
    fn a_mark_ends_when_it_was_said_to() {
        let ledger = Ledger::new(8);
        ledger.mark(name(1), Duration::from_secs(9));
        assert!(ledger.is_marked(name(1), Duration::from_secs(8)));
        assert!(!ledger.is_marked(name(1), Duration::from_secs(9)));
        assert!(!ledger.is_marked(name(2), Duration::from_secs(8)));
    }

    #[test]
    fn a_flood_of_new_names_takes_no_memory_and_does_not_free_the_one_that_owes_most() {
        let (ledger, now) = (Ledger::new(64), Duration::from_secs(1));
        for _ in 0..10 {
            ledger.take(name(0), quota(10), now).unwrap();
        }
        for number in 1..100_000 {
            ledger.take(name(number), quota(10), now).unwrap();
        }
        assert!(ledger.names() <= 64);
        assert!(ledger.take(name(0), quota(10), now).is_err());
    }
}
