//! Enrolment on first use: leave for a device to be pinned with the key that it comes with.
//!
//! For one id each, for minutes, and in memory only: a restart withdraws it. Whoever comes first with that id
//! gets it, so it is for a bench or a network that strangers are not on. The door that takes a key under it
//! takes the leave with [`Enrolment::take`], so that it is used once, and pins through
//! [`Pinning::set_first`](crate::pinning::Pinning::set_first), so that weak keys are refused here too.

use pintle_protocol::DeviceId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How many devices may have leave at a time.
pub const MOST: usize = 64;

/// How long leave lasts, at most.
pub const LONGEST: Duration = Duration::from_secs(60 * 60);

/// Which devices have leave, and until when. Clones share it.
#[derive(Clone, Default)]
pub struct Enrolment {
    until: Arc<Mutex<HashMap<DeviceId, Instant>>>,
}

impl Enrolment {
    /// Gives a device leave for a time, [`LONGEST`] at most; false where [`MOST`] others have it.
    pub fn allow(&self, device: DeviceId, now: Instant, within: Duration) -> bool {
        let mut until = self.until();
        until.retain(|_, end| *end > now);
        if until.len() >= MOST && !until.contains_key(&device) {
            return false;
        }
        until.insert(device, now + within.min(LONGEST));
        true
    }

    /// Whether a device has leave.
    #[must_use]
    pub fn is_allowed(&self, device: DeviceId, now: Instant) -> bool {
        self.until().get(&device).is_some_and(|end| *end > now)
    }

    /// Uses a device's leave up; whether it had it.
    #[must_use]
    pub fn take(&self, device: DeviceId, now: Instant) -> bool {
        self.until().remove(&device).is_some_and(|end| end > now)
    }

    /// Takes a device's leave back, if it had it.
    pub fn withdraw(&self, device: DeviceId) {
        self.until().remove(&device);
    }

    fn until(&self) -> MutexGuard<'_, HashMap<DeviceId, Instant>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn device(n: u8) -> DeviceId {
        DeviceId::from_bytes([n; 12])
    }

    #[test]
    fn p1_leave_is_for_one_device_once_and_for_a_time() {
        let (enrolment, now) = (Enrolment::default(), Instant::now());
        assert!(enrolment.allow(device(1), now, MINUTE));
        assert!(!enrolment.is_allowed(device(2), now) && !enrolment.take(device(2), now));
        assert!(enrolment.is_allowed(device(1), now + MINUTE / 2));
        assert!(!enrolment.is_allowed(device(1), now + MINUTE));
        assert!(enrolment.take(device(1), now) && !enrolment.take(device(1), now));
        assert!(enrolment.allow(device(1), now, MINUTE));
        assert!(!enrolment.take(device(1), now + MINUTE), "too late");
        assert!(enrolment.allow(device(1), now, MINUTE));
        enrolment.withdraw(device(1));
        assert!(!enrolment.is_allowed(device(1), now));
    }

    #[test]
    fn leave_lasts_an_hour_at_most_and_few_have_it() {
        let (enrolment, now) = (Enrolment::default(), Instant::now());
        for n in 0..64 {
            assert!(enrolment.allow(device(n), now, 100 * LONGEST));
        }
        assert!(!enrolment.is_allowed(device(1), now + LONGEST));
        assert!(!enrolment.allow(device(64), now, MINUTE));
        assert!(enrolment.allow(device(1), now, MINUTE), "again for the same device");
        assert!(enrolment.allow(device(64), now + LONGEST, MINUTE), "the others are over");
    }
}
