//! The roll: every device that has a key here, under a small number of its own.
//!
//! All shards and the API share it. What is looked up when a session begins, by device or by key, lies
//! behind a lock; what a message touches (where the device is, when it was heard, whose it is) is found
//! by number, in memory that never moves, without one. About 100 bytes a device, its pin included; a
//! session keeps its device's number in its slot. Nothing is taken off the roll while the node runs.

mod chunks;
mod load;
mod names;
mod owners;

use super::presence::{Entry, Presence, Transport, Whereabouts};
use crate::account::AccountId;
use crate::survey::Watch;
use crate::weakened::{self, Weakness};
use chunks::Chunks;
use names::Names;
pub use owners::OwnerNumber;
use owners::Owners;
use pintle_dtls::Fingerprint;
use pintle_protocol::DeviceId;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

/// A device's number, the same for as long as the node runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RollNumber(u32);

impl RollNumber {
    /// No device comes before it, or after.
    pub(super) const ENDS: (Self, Self) = (Self(u32::MIN), Self(u32::MAX));
}

/// What a session keeps of its device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Here {
    /// The device's number.
    pub number: RollNumber,
    /// Which of the device's keys the session was made with.
    keys: u16,
    /// Whether this was made the device's session: [`Roll::settle`] was called for it.
    pub settled: bool,
}

/// Every device with a key. Clones share it.
#[derive(Clone, Default)]
pub struct Roll {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    entries: Chunks<Entry>,
    owners: Owners,
    names: RwLock<Names>,
    reading: Mutex<()>,
    watch: Watch,
}

/// When a device begins: names and keys. Each takes the lock once.
impl Roll {
    /// Pins a key for a device, or none, and puts the device on the roll. The same again changes nothing.
    pub fn set_key(&self, device: DeviceId, key: Option<Fingerprint>) {
        let mut names = self.shared.names.write().unwrap_or_else(PoisonError::into_inner);
        let number = if key.is_some() { names.number(device) } else { names.find(device) };
        let Some(number) = number else { return };
        if self.shared.entries.make(number).is_none() || names.key(number) == key {
            return;
        }
        // A key moves from one device to another in two steps, which may be heard of in either order.
        if let Some(other) = key.and_then(|key| names.holder(key)) {
            names.pin(other, None);
            self.count_key(other);
        }
        names.pin(number, key);
        self.count_key(number);
    }

    fn count_key(&self, number: u32) {
        if let Some(entry) = self.shared.entries.get(number) {
            entry.keys.fetch_add(1, Ordering::Release);
        }
    }

    /// Makes a device somebody's, or nobody's. One that is not on the roll stays off it.
    pub fn set_owner(&self, device: DeviceId, owner: Option<AccountId>) {
        self.set_owner_number(device, self.shared.owners.number(owner));
    }

    fn set_owner_number(&self, device: DeviceId, owner: OwnerNumber) {
        if let Some(entry) = self.find(device).and_then(|number| self.entry(number)) {
            entry.owner.store(owner.0, Ordering::Release);
        }
    }

    /// The device that a key is pinned for.
    pub fn device_of(&self, key: Fingerprint) -> Option<DeviceId> {
        let names = self.names();
        names.holder(key).and_then(|number| names.device(number))
    }

    /// The first device with a key, for whoever lets anybody in.
    pub fn first(&self) -> Option<DeviceId> {
        self.names().device(0)
    }

    /// The key pinned for a device.
    pub fn key_of(&self, device: DeviceId) -> Option<Fingerprint> {
        let names = self.names();
        names.find(device).and_then(|number| names.key(number))
    }

    /// What a session keeps that was made with `key`; `None` where that is not the device's key (promise P1).
    pub fn enter(&self, device: DeviceId, key: Fingerprint) -> Option<Here> {
        let names = self.names();
        let any = weakened::is(Weakness::AnyKey) || weakened::is(Weakness::TcpAnyKey);
        let number = names.find(device).filter(|number| any || names.key(*number) == Some(key))?;
        let keys = self.shared.entries.get(number)?.keys.load(Ordering::Acquire);
        Some(Here { number: RollNumber(number), keys, settled: false })
    }

    /// The key that a session was made with; `None` where its device's key was changed since.
    pub fn key_of_session(&self, here: Here) -> Option<Fingerprint> {
        let names = self.names();
        names.key(here.number.0).filter(|_| self.is_current(here))
    }

    /// The number of a device.
    pub fn find(&self, device: DeviceId) -> Option<RollNumber> {
        self.names().find(device).map(RollNumber)
    }

    /// What is known about a device's connection.
    pub fn presence(&self, device: DeviceId) -> Presence {
        let entry = self.find(device).and_then(|number| self.entry(number));
        entry.map_or_else(Presence::default, Entry::presence)
    }

    /// The shard that a device's session lives on.
    pub fn shard_of(&self, device: DeviceId) -> Option<u16> {
        self.find(device).and_then(|number| self.whereabouts(number)).map(|at| at.shard)
    }

    /// Held by whoever reads a device in the store and writes what it found here: of two changes told at
    /// once, the later one then counts, whichever shard hears of it first.
    pub fn while_reading(&self) -> MutexGuard<'_, ()> {
        self.shared.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The eye that is kept on all of them.
    pub fn watch(&self) -> &Watch {
        &self.shared.watch
    }

    /// How many devices are on it.
    pub fn count(&self) -> usize {
        self.names().count()
    }

    /// The bytes it holds on the heap.
    pub fn bytes(&self) -> usize {
        self.shared.entries.bytes() + self.shared.owners.bytes() + self.names().bytes()
    }

    fn names(&self) -> RwLockReadGuard<'_, Names> {
        self.shared.names.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// While it lasts: by number, without a lock.
impl Roll {
    fn entry(&self, number: RollNumber) -> Option<&Entry> {
        self.shared.entries.get(number.0)
    }

    /// Whether the session's key is still the one pinned for its device (promise P1).
    pub fn is_current(&self, here: Here) -> bool {
        let entry = self.entry(here.number);
        entry.is_some_and(|entry| entry.keys.load(Ordering::Acquire) == here.keys)
    }

    /// Makes `at` the device's one session; the one that it replaces, which has to end.
    pub fn settle(&self, number: RollNumber, at: Whereabouts) -> Option<Whereabouts> {
        self.entry(number)?.settle(at)
    }

    /// Notes that the session at `at` ended: whether it was online until now; `None` where it is not
    /// the device's session.
    pub fn leave(&self, number: RollNumber, at: Whereabouts) -> Option<bool> {
        self.entry(number)?.leave(at)
    }

    /// Where the device's session lives.
    pub fn whereabouts(&self, number: RollNumber) -> Option<Whereabouts> {
        self.entry(number)?.whereabouts()
    }

    /// Notes an authenticated message at `now_ms`; true where the device was offline until now.
    pub fn heard(&self, number: RollNumber, now_ms: i64) -> bool {
        self.entry(number).is_some_and(|entry| entry.heard(now_ms))
    }

    /// Notes that the device is gone from its session at `at`; true where it was online until now.
    pub fn gone(&self, number: RollNumber, at: Whereabouts) -> bool {
        self.entry(number).is_some_and(|entry| entry.gone(at))
    }

    /// Notes a completed handshake at `now_ms`.
    pub fn shook_hands(&self, number: RollNumber, now_ms: i64, transport: Transport) {
        if let Some(entry) = self.entry(number) {
            entry.shook_hands(now_ms, transport);
        }
    }

    /// Whether the device counts as online.
    pub fn is_online(&self, number: RollNumber) -> bool {
        self.entry(number).is_some_and(Entry::is_online)
    }

    /// When the device was last heard from, in milliseconds since the Unix epoch; 0 for never.
    pub fn heard_ms(&self, number: RollNumber) -> i64 {
        self.entry(number).map_or(0, Entry::heard_ms)
    }

    /// Whose the device is.
    pub fn owner(&self, number: RollNumber) -> Option<AccountId> {
        self.account(self.owner_number(number))
    }

    /// The number of the device's owner.
    pub fn owner_number(&self, number: RollNumber) -> OwnerNumber {
        let entry = self.entry(number);
        OwnerNumber(entry.map_or(0, |entry| entry.owner.load(Ordering::Acquire)))
    }

    /// The account with a number.
    pub fn account(&self, owner: OwnerNumber) -> Option<AccountId> {
        self.shared.owners.account(owner)
    }
}

#[cfg(test)]
mod tests;
