//! How many wrong blocks are opened, and when that looks like a key being questioned.
//!
//! A block that is no handshake costs two operations under the cloud's private key, and asks it something. A few
//! of them are devices that nobody provisioned. Many thousand are somebody who hopes to learn, from how the
//! door bears itself, what a ciphertext holds. It bears itself the same way whatever they hold; this bounds how
//! often it can be asked at all, and says aloud when somebody does:
//!
//! 1. One address may fail [`EACH_BURST`] times, and once a second after: beyond, its blocks are not opened.
//! 2. All together may fail [`ALL_BURST`] times, and [`ALL_EACH`] times a second after. Beyond, that is the alarm,
//!    only addresses are heard from which a device came in before.
//!
//! A block that is not opened ends as a wrong one does. Addresses are in memory only, as keyed hashes.

use super::address::Tag;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// How often one address may fail at once.
const EACH_BURST: u32 = 60;

/// How often all may fail at once, and how often a second.
const ALL_BURST: u32 = 1000;
const ALL_EACH: Duration = Duration::from_millis(500);

/// How many addresses are remembered; beyond, those that owe nothing are forgotten, or else all.
const MOST: usize = 1 << 16;

/// A bucket that fills up by one each time `each` goes by, and holds `most`; kept as when it will be full again.
#[derive(Clone, Copy, Default)]
struct Bucket {
    full_at: Duration,
}

impl Bucket {
    fn is_empty(self, most: u32, each: Duration, now: Duration) -> bool {
        self.full_at.saturating_sub(now) > each * most.saturating_sub(1)
    }

    fn take(&mut self, each: Duration, now: Duration) {
        self.full_at = self.full_at.max(now) + each;
    }
}

/// What the failures lately amount to.
#[derive(Default)]
pub struct Breaker {
    each: HashMap<Tag, Bucket>,
    known: HashSet<Tag>,
    all: Bucket,
    alarmed: bool,
}

impl Breaker {
    /// Whether a block from this address is to be opened now.
    pub fn opens(&self, address: Tag, now: Duration) -> bool {
        let bucket = self.each.get(&address).copied().unwrap_or_default();
        if bucket.is_empty(EACH_BURST, Duration::from_secs(1), now) {
            return false;
        }
        !self.is_tripped(now) || self.known.contains(&address)
    }

    /// Whether all together have failed so often that only known addresses are heard.
    pub fn is_tripped(&self, now: Duration) -> bool {
        self.all.is_empty(ALL_BURST, ALL_EACH, now)
    }

    /// Notes a block from this address that was none of a device's. True where that is the alarm, once until it
    /// is over.
    pub fn failed(&mut self, address: Tag, now: Duration) -> bool {
        if self.each.len() >= MOST && !self.each.contains_key(&address) {
            self.each.retain(|_, bucket| bucket.full_at > now);
            if self.each.len() >= MOST {
                self.each.clear();
            }
        }
        self.each.entry(address).or_default().take(Duration::from_secs(1), now);
        self.all.take(ALL_EACH, now);
        let tripped = self.is_tripped(now);
        tripped && !std::mem::replace(&mut self.alarmed, true)
    }

    /// Notes a device's handshake from this address. True where that is the end of an alarm.
    pub fn succeeded(&mut self, address: Tag, now: Duration) -> bool {
        if self.known.len() >= MOST {
            self.known.clear();
        }
        self.known.insert(address);
        let calm = self.alarmed && self.all.full_at <= now;
        if calm {
            self.alarmed = false;
        }
        calm
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(9);

    #[test]
    fn an_address_that_fails_too_often_is_not_heard_until_it_waited() {
        let (mut breaker, bad, good) = (Breaker::default(), Tag::of(1), Tag::of(2));
        for _ in 0..EACH_BURST {
            assert!(breaker.opens(bad, START));
            breaker.failed(bad, START);
        }
        assert!(!breaker.opens(bad, START) && breaker.opens(good, START));
        assert!(breaker.opens(bad, START + Duration::from_secs(2)));
    }

    #[test]
    fn many_failures_from_everywhere_raise_one_alarm_and_shut_out_strangers_alone() {
        let mut breaker = Breaker::default();
        let (known, stranger) = (Tag::of(u64::MAX), Tag::of(u64::MAX - 1));
        breaker.succeeded(known, START);
        let alarms = (0..2 * u64::from(ALL_BURST)).filter(|n| breaker.failed(Tag::of(*n), START));
        assert_eq!(alarms.count(), 1);
        assert!(breaker.opens(known, START) && !breaker.opens(stranger, START));
        let later = START + ALL_EACH * 2 * ALL_BURST;
        assert!(breaker.opens(stranger, later));
        assert!(breaker.succeeded(known, later), "the alarm is over");
        assert!(!breaker.succeeded(known, later));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut breaker = Breaker::default();
        for n in 0..2 * MOST as u64 {
            breaker.failed(Tag::of(n), START);
            breaker.succeeded(Tag::of(n), START);
        }
        assert!(breaker.each.len() <= MOST && breaker.known.len() <= MOST);
    }
}
