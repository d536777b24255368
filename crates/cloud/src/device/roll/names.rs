//! Which device has which number, and which key: found by device and by key.
//!
//! One row a device, and two tables of row numbers over the rows: 45 bytes and about 2 x 10 a device.
//! Both tables hash under a secret of their own, so that nobody can choose devices or keys that collide.

use hashbrown::HashTable;
use pintle_dtls::Fingerprint;
use pintle_protocol::DeviceId;
use std::hash::{BuildHasher, RandomState};

struct Row {
    device: DeviceId,
    key: Option<Fingerprint>,
}

/// The rows, in the order of their numbers, and the two ways to find one.
#[derive(Default)]
pub(super) struct Names {
    rows: Vec<Row>,
    by_device: HashTable<u32>,
    by_key: HashTable<u32>,
    secret: RandomState,
}

impl Names {
    /// Makes room for so many more devices, and for not many beyond.
    pub(super) fn reserve(&mut self, devices: usize) {
        let Self { rows, by_device, by_key, secret } = self;
        rows.reserve_exact(devices);
        by_device.reserve(devices, |number| device_hash(rows, secret, *number));
        by_key.reserve(devices, |number| key_hash(rows, secret, *number));
    }

    /// How many devices there are.
    pub(super) fn count(&self) -> usize {
        self.rows.len()
    }

    /// The number of a device.
    pub(super) fn find(&self, device: DeviceId) -> Option<u32> {
        self.find_hashed(self.secret.hash_one(device), device)
    }

    fn find_hashed(&self, hash: u64, device: DeviceId) -> Option<u32> {
        let is_it = |number: &u32| self.device(*number) == Some(device);
        self.by_device.find(hash, is_it).copied()
    }

    /// The number of a device, given now where it has none.
    pub(super) fn number(&mut self, device: DeviceId) -> Option<u32> {
        let hash = self.secret.hash_one(device);
        if let Some(number) = self.find_hashed(hash, device) {
            return Some(number);
        }
        let number = u32::try_from(self.rows.len()).ok()?;
        if self.rows.len() == self.rows.capacity() {
            // Doubling would leave a million devices' room empty.
            self.rows.reserve_exact(self.rows.len() / 8 + 64);
        }
        self.rows.push(Row { device, key: None });
        let Self { rows, by_device, secret, .. } = self;
        by_device.insert_unique(hash, number, |number| device_hash(rows, secret, *number));
        Some(number)
    }

    /// The device with this number.
    pub(super) fn device(&self, number: u32) -> Option<DeviceId> {
        self.rows.get(number as usize).map(|row| row.device)
    }

    /// The key pinned for the device with this number.
    pub(super) fn key(&self, number: u32) -> Option<Fingerprint> {
        self.rows.get(number as usize)?.key
    }

    /// The number of the device that a key is pinned for.
    pub(super) fn holder(&self, key: Fingerprint) -> Option<u32> {
        let is_it = |number: &u32| self.key(*number) == Some(key);
        self.by_key.find(self.secret.hash_one(key), is_it).copied()
    }

    /// Pins a key for a device, or none.
    pub(super) fn pin(&mut self, number: u32, key: Option<Fingerprint>) {
        self.unpin(number);
        let Some(row) = self.rows.get_mut(number as usize) else { return };
        row.key = key;
        let Some(key) = key else { return };
        let Self { rows, by_key, secret, .. } = self;
        let hash = secret.hash_one(key);
        by_key.insert_unique(hash, number, |number| key_hash(rows, secret, *number));
    }

    fn unpin(&mut self, number: u32) {
        let Some(old) = self.rows.get_mut(number as usize).and_then(|row| row.key.take()) else {
            return;
        };
        let found = self.by_key.find_entry(self.secret.hash_one(old), |held| *held == number);
        if let Ok(entry) = found {
            entry.remove();
        }
    }

    /// The bytes it holds on the heap.
    pub(super) fn bytes(&self) -> usize {
        let rows = self.rows.capacity() * size_of::<Row>();
        rows + self.by_device.allocation_size() + self.by_key.allocation_size()
    }
}

fn device_hash(rows: &[Row], secret: &RandomState, number: u32) -> u64 {
    rows.get(number as usize).map_or(0, |row| secret.hash_one(row.device))
}

fn key_hash(rows: &[Row], secret: &RandomState, number: u32) -> u64 {
    let key = rows.get(number as usize).and_then(|row| row.key);
    key.map_or(0, |key| secret.hash_one(key))
}
