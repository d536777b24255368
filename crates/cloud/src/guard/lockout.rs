//! Locks out a key (an account, a source address) after too many failures in a row.
//!
//! In memory only: a restart forgives. When the table is full, the entry touched longest ago makes room, so an
//! attacker with many addresses costs no more memory than the table, and at worst is forgotten early.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// When to lock out and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockoutSettings {
    /// Failures in a row that lock.
    pub failures: u32,
    /// How long a lock lasts, and how long failures are remembered.
    pub window: Duration,
    /// Keys remembered, at most.
    pub capacity: usize,
}

#[derive(Clone, Copy)]
struct Entry {
    failures: u32,
    last: Duration,
}

/// Failures in a row by key.
pub struct Lockout<K> {
    settings: LockoutSettings,
    entries: Mutex<HashMap<K, Entry>>,
}

impl<K: Clone + Eq + Hash> Lockout<K> {
    /// Nobody is locked out.
    #[must_use]
    pub fn new(settings: LockoutSettings) -> Self {
        Self { settings, entries: Mutex::new(HashMap::new()) }
    }

    /// How long the key stays locked out; `None` if it may try. `now` is the time since any fixed start.
    pub fn locked_for(&self, key: &K, now: Duration) -> Option<Duration> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get(key)?;
        let left =
            (entry.last + self.settings.window).checked_sub(now).filter(|left| !left.is_zero())?;
        (entry.failures >= self.settings.failures).then_some(left)
    }

    /// Counts a failure, before it is known to be one: an attempt is charged when it starts and forgiven when it
    /// succeeds, so that many at once get no more tries than one after the other.
    pub fn charge(&self, key: &K, now: Duration) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= self.settings.capacity && !entries.contains_key(key) {
            self.make_room(&mut entries, now);
        }
        let entry = entries.entry(key.clone()).or_insert(Entry { failures: 0, last: now });
        if now.saturating_sub(entry.last) >= self.settings.window {
            entry.failures = 0;
        }
        entry.failures = entry.failures.saturating_add(1);
        entry.last = now;
    }

    /// A success: earlier failures no longer count.
    pub fn forgive(&self, key: &K) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    fn make_room(&self, entries: &mut HashMap<K, Entry>, now: Duration) {
        entries.retain(|_, entry| now.saturating_sub(entry.last) < self.settings.window);
        while entries.len() >= self.settings.capacity {
            let oldest =
                entries.iter().min_by_key(|(_, entry)| entry.last).map(|(key, _)| key.clone());
            match oldest {
                Some(key) => drop(entries.remove(&key)),
                None => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: LockoutSettings =
        LockoutSettings { failures: 3, window: Duration::from_secs(60), capacity: 4 };

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_last_allowed_failure_locks_and_time_unlocks() {
        let lockout = Lockout::new(SETTINGS);
        lockout.charge(&1, at(0));
        lockout.charge(&1, at(1));
        assert_eq!(lockout.locked_for(&1, at(2)), None);
        lockout.charge(&1, at(2));
        assert_eq!(lockout.locked_for(&1, at(3)), Some(at(59)));
        assert_eq!(lockout.locked_for(&2, at(3)), None);
        assert_eq!(lockout.locked_for(&1, at(62)), None);
        lockout.charge(&1, at(62));
        assert_eq!(lockout.locked_for(&1, at(63)), None);
    }

    #[test]
    fn a_success_in_between_forgives() {
        let lockout = Lockout::new(SETTINGS);
        for second in 0..10 {
            lockout.charge(&1, at(second));
            lockout.charge(&1, at(second));
            lockout.forgive(&1);
        }
        assert_eq!(lockout.locked_for(&1, at(10)), None);
    }

    #[test]
    fn memory_stays_bounded_and_the_oldest_makes_room() {
        let lockout = Lockout::new(SETTINGS);
        for key in 0..1_000_u64 {
            lockout.charge(&key, Duration::from_millis(key));
            assert!(lockout.entries.lock().unwrap().len() <= 4);
        }
        for _ in 0..3 {
            lockout.charge(&999, at(2));
        }
        assert!(lockout.locked_for(&999, at(2)).is_some());
    }
}
