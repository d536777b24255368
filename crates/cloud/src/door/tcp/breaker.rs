//! How many wrong blocks are opened, and when that looks like a key being questioned.
//!
//! A block that is no handshake costs two operations under the cloud's private key, and asks it something. A few
//! of them are devices that nobody provisioned. Many thousand are somebody who hopes to learn, from how the
//! door bears itself, what a ciphertext holds. It bears itself the same way whatever they hold; this bounds how
//! often it can be asked at all, and says aloud when somebody does:
//!
//! 1. One address may fail 60 times, and once a second after: beyond, its blocks are not opened.
//! 2. All together may fail 1000 times, and twice a second after. Beyond, that is the alarm: only addresses are heard
//!    from which a device came in before, and said hello.
//! 3. One device may shake hands from one address 60 times, and once a second after. Beyond, that counts as a
//!    failure: a block that names a device and its key can be made by whoever knows that key's public half.
//!
//! A block that is not opened ends as a wrong one does. Addresses are in memory only, as keyed hashes.

use super::address::Tag;
use super::buckets::{Buckets, MOST, Rate};
use pintle_protocol::DeviceId;
use std::collections::HashSet;
use std::time::Duration;

/// How often one address may fail.
const EACH: Rate = Rate { burst: 60, each: Duration::from_secs(1) };

/// How often all may fail.
const ALL: Rate = Rate { burst: 1000, each: Duration::from_millis(500) };

/// How often a device may shake hands from one address: what it has to do for it is no less work than a wrong block.
const DEVICE: Rate = EACH;

/// What the failures lately amount to.
pub struct Breaker {
    each: Buckets<Tag>,
    devices: Buckets<(DeviceId, Tag)>,
    known: HashSet<Tag>,
    all_full_at: Duration,
    alarmed: bool,
}

impl Default for Breaker {
    fn default() -> Self {
        let (each, devices) = (Buckets::new(EACH), Buckets::new(DEVICE));
        Self { each, devices, known: HashSet::new(), all_full_at: Duration::ZERO, alarmed: false }
    }
}

impl Breaker {
    /// Whether a block from this address is to be opened now.
    pub fn opens(&self, address: Tag, now: Duration) -> bool {
        !self.each.is_used_up(&address, now)
            && (!self.is_tripped(now) || self.known.contains(&address))
    }

    /// Whether all together have failed so often that only known addresses are heard.
    pub fn is_tripped(&self, now: Duration) -> bool {
        ALL.is_used_up(self.all_full_at, now)
    }

    /// Notes a block from this address that was none of a device's. True where that is the alarm, once until it
    /// is over.
    pub fn failed(&mut self, address: Tag, now: Duration) -> bool {
        self.each.take(address, now);
        self.all_full_at = ALL.take(self.all_full_at, now);
        let tripped = self.is_tripped(now);
        tripped && !std::mem::replace(&mut self.alarmed, true)
    }

    /// Whether a device may come in once more from this address. Its block has proven nothing: under another address
    /// the same device has a bucket of its own, so nobody can use up what it has.
    pub fn admits(&mut self, device: DeviceId, address: Tag, now: Duration) -> bool {
        let name = (device, address);
        let admits = !self.devices.is_used_up(&name, now);
        self.devices.take(name, now);
        admits
    }

    /// Notes that a device is in from this address: it read what it was sent. True where that is the end of an alarm.
    pub fn succeeded(&mut self, address: Tag, now: Duration) -> bool {
        if self.known.len() >= MOST {
            self.known.clear();
        }
        self.known.insert(address);
        let calm = self.alarmed && self.all_full_at <= now;
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
        for _ in 0..EACH.burst {
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
        let alarms = (0..2 * u64::from(ALL.burst)).filter(|n| breaker.failed(Tag::of(*n), START));
        assert_eq!(alarms.count(), 1);
        assert!(breaker.opens(known, START) && !breaker.opens(stranger, START));
        let later = START + ALL.each * 2 * ALL.burst;
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
            breaker.admits(DeviceId::from_bytes([1; 12]), Tag::of(n), START);
        }
        assert!(breaker.each.count() <= MOST && breaker.known.len() <= MOST);
        assert!(breaker.devices.count() <= MOST);
    }
}
