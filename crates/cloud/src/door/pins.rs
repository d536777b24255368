//! The pinned keys as a door needs them: by fingerprint, in memory, asked before any signature is
//! verified (promise P1). Refused keys are remembered, so that a device that tries again and again
//! costs little and fills no log.

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

/// Who may come in.
#[derive(Default)]
pub struct Pins {
    devices: HashMap<Fingerprint, DeviceId>,
    keys: HashMap<DeviceId, Fingerprint>,
    refused: HashMap<Fingerprint, Wait>,
}

impl Pins {
    /// The pins that the store holds.
    pub fn new(pins: impl IntoIterator<Item = (Fingerprint, DeviceId)>) -> Self {
        let mut all = Self::default();
        for (key, device) in pins {
            all.set(device, Some(key));
        }
        all
    }

    /// Sets or removes a device's pin.
    pub fn set(&mut self, device: DeviceId, key: Option<Fingerprint>) {
        // A key moves from one device to another in two steps, which may be heard of in either order.
        if let Some(old) = self.keys.remove(&device)
            && self.devices.get(&old) == Some(&device)
        {
            self.devices.remove(&old);
        }
        if let Some(key) = key {
            if let Some(other) = self.devices.insert(key, device) {
                self.keys.remove(&other);
            }
            self.keys.insert(device, key);
            self.refused.remove(&key);
        }
    }

    /// The key pinned for a device.
    pub fn key_of(&self, device: DeviceId) -> Option<Fingerprint> {
        self.keys.get(&device).copied()
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
        self.devices.get(&fingerprint).copied().ok_or_else(|| {
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
            let mut pins = Pins::new([(moved.fingerprint(), device(1))]);
            for step in order {
                let (device, key) = steps[step];
                pins.set(device, Some(key));
            }
            assert_eq!(pins.admit(&moved, Duration::ZERO), Ok(device(2)));
            assert_eq!(pins.admit(&new, Duration::ZERO), Ok(device(1)));
        }
    }
}
