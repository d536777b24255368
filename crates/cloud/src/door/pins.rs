//! The pinned keys as a door needs them: by fingerprint, on the roll in memory, asked before any signature is
//! verified (promise P1). Refused keys are remembered, so that a device that tries again and again
//! costs little and fills no log.

use crate::device::Roll;
use crate::weakened::{self, Weakness};
use pintle_dtls::{Fingerprint, PublicKey};
use pintle_protocol::DeviceId;
use std::collections::HashMap;
use std::time::Duration;

/// How many refused keys are remembered; beyond, those whose wait is over are forgotten, or else all.
const REFUSALS: usize = 4096;
const FIRST_BACK_OFF: Duration = Duration::from_secs(2);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(600);

/// Why a key was turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No device has this key pinned. To be written down.
    Unpinned(Fingerprint),
    /// The key was refused just now and has to wait. Written down already.
    BackedOff,
}

#[derive(Clone, Copy)]
struct Wait {
    until: Duration,
    next: Duration,
}

/// Who may come in: the pins that all shards share, and the keys that this one refused.
pub struct Pins {
    roll: Roll,
    refused: HashMap<Fingerprint, Wait>,
}

impl Pins {
    /// The pins on the roll; nobody was refused yet.
    pub fn new(roll: Roll) -> Self {
        Self { roll, refused: HashMap::new() }
    }

    /// Forgets that a key was refused: it was pinned since.
    pub fn forgive(&mut self, key: Fingerprint) {
        self.refused.remove(&key);
    }

    /// Which device the key belongs to.
    ///
    /// # Errors
    /// Why it is turned away.
    pub fn admit(&mut self, key: &PublicKey, now: Duration) -> Result<DeviceId, Refusal> {
        let fingerprint = key.fingerprint();
        if self.refused.get(&fingerprint).is_some_and(|wait| now < wait.until) {
            return Err(Refusal::BackedOff);
        }
        let held = self.roll.device_of(fingerprint);
        let anyone = || weakened::is(Weakness::AnyKey).then(|| self.roll.first()).flatten();
        held.or_else(anyone).ok_or_else(|| {
            self.refuse(fingerprint, now);
            Refusal::Unpinned(fingerprint)
        })
    }

    /// Remembers that a key was refused at `now`; each refusal doubles the wait.
    pub fn refuse(&mut self, key: Fingerprint, now: Duration) {
        if self.refused.len() >= REFUSALS && !self.refused.contains_key(&key) {
            self.refused.retain(|_, wait| now < wait.until);
            if self.refused.len() >= REFUSALS {
                self.refused.clear();
            }
        }
        let wait = self.refused.entry(key).or_insert(Wait { until: now, next: FIRST_BACK_OFF });
        wait.until = now + wait.next;
        wait.next = (wait.next * 2).min(LONGEST_BACK_OFF);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8) -> PublicKey {
        PublicKey::from_point(&std::array::from_fn(|at| if at == 0 { 4 } else { n })).unwrap()
    }

    #[test]
    fn p1_a_key_that_moves_to_another_device_admits_it_in_whatever_order_that_is_heard() {
        let device = |n| DeviceId::from_bytes([n; 12]);
        let (moved, new) = (key(1), key(2));
        let steps = [(device(1), new.fingerprint()), (device(2), moved.fingerprint())];
        for order in [[0, 1], [1, 0]] {
            let roll = Roll::default();
            roll.set_key(device(1), Some(moved.fingerprint()));
            let mut pins = Pins::new(roll.clone());
            for step in order {
                let (device, key) = steps[step];
                roll.set_key(device, Some(key));
            }
            assert_eq!(pins.admit(&moved, Duration::ZERO), Ok(device(2)));
            assert_eq!(pins.admit(&new, Duration::ZERO), Ok(device(1)));
        }
    }

    #[test]
    fn p1_a_key_that_is_pinned_at_last_waits_no_longer() {
        let (roll, device, key) = (Roll::default(), DeviceId::from_bytes([1; 12]), key(1));
        let mut pins = Pins::new(roll.clone());
        assert!(matches!(pins.admit(&key, Duration::ZERO), Err(Refusal::Unpinned(_))));
        assert_eq!(pins.admit(&key, Duration::ZERO), Err(Refusal::BackedOff));
        roll.set_key(device, Some(key.fingerprint()));
        assert_eq!(pins.admit(&key, Duration::ZERO), Err(Refusal::BackedOff));
        pins.forgive(key.fingerprint());
        assert_eq!(pins.admit(&key, Duration::ZERO), Ok(device));
        assert_eq!(pins.admit(&key, Duration::ZERO), Ok(device));
    }
}
