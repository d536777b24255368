//! Sessions end only for a reason (P2): a device that loses one while nothing of its own was lost, spoiled or held
//! up, and the cloud was there all the time, lost it to an outsider.

use super::{Promise, Violation};
use pintle_device::Loss;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// For how long a fault may still be the reason: a keep-alive, a ping's patience, three resumes, and what was held
/// up on top.
const EXCUSED_FOR: Duration = Duration::from_secs(180);

/// Who has an excuse, and how sessions fared.
#[derive(Default)]
pub struct Sessions {
    excused: BTreeMap<usize, Duration>,
    all_excused: Duration,
    /// Devices that are connected, in a session that the cloud of now knows.
    settled: BTreeSet<usize>,
    /// Devices that were connected when the cloud was killed, and until when that counts.
    awaited: BTreeMap<usize, Duration>,
    /// How many devices had a session when the cloud was killed, over all kills.
    pub held: u64,
    /// How many of those shook hands anew.
    pub shaken: u64,
}

impl Sessions {
    /// A fault hits a device.
    pub fn trouble(&mut self, device: usize, now: Duration) {
        self.excused.insert(device, now + EXCUSED_FOR);
    }

    /// The cloud is gone, or comes back.
    pub fn trouble_for_all(&mut self, now: Duration) {
        self.all_excused = self.all_excused.max(now + EXCUSED_FOR);
    }

    /// The cloud was killed while a device was connected, and nothing else is wrong.
    pub fn held(&mut self, device: usize, now: Duration) {
        self.excuse(device, now);
        self.held += 1;
        self.awaited.insert(device, now + EXCUSED_FOR);
    }

    /// A device has shaken hands; whether it should have gone on without.
    pub fn shaken(&mut self, device: usize, now: Duration) -> bool {
        let awaited = self.awaited.remove(&device).is_some_and(|until| now < until);
        self.shaken += u64::from(awaited);
        awaited
    }

    /// Something else goes wrong: whoever is awaited after a kill has another reason to shake hands.
    pub fn excuse_the_awaited(&mut self, now: Duration) {
        let awaited = std::mem::take(&mut self.awaited);
        awaited.into_iter().for_each(|(_, until)| self.held -= u64::from(now < until));
    }

    /// The same for one device.
    pub fn excuse(&mut self, device: usize, now: Duration) {
        let until = self.awaited.remove(&device);
        self.held -= u64::from(until.is_some_and(|until| now < until));
    }

    /// A device is connected.
    pub fn connected(&mut self, device: usize) {
        self.settled.insert(device);
    }

    /// A device has no session that it uses now.
    pub fn away(&mut self, device: usize, now: Duration) {
        self.settled.remove(&device);
        self.trouble(device, now);
    }

    /// Whether a device may lose its session now.
    #[must_use]
    pub fn is_excused(&self, device: usize, now: Duration) -> bool {
        let own = self.excused.get(&device).copied().unwrap_or_default();
        now < own.max(self.all_excused) || !self.settled.contains(&device)
    }

    /// A device lost the cloud.
    ///
    /// # Errors
    /// Nothing had happened to it.
    pub fn lost(&self, device: usize, loss: Loss, now: Duration) -> Result<(), Violation> {
        // What is in the open can be disturbed by anybody: a handshake is only tried again.
        if self.is_excused(device, now) || matches!(loss, Loss::Handshake(_)) {
            return Ok(());
        }
        let seen =
            format!("device {device} lost its session though nothing of it was lost: {loss}");
        Err(Violation::of(Promise::AnomalyEndsNothing, seen))
    }
}
