//! Which devices are here, for whoever asks: the shard writes without a lock, the API reads.

use pintle_protocol::DeviceId;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU16, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// What is known about a device's connection; times in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    /// Whether it has a session and was heard from within its keep-alive time.
    pub online: bool,
    /// When its last authenticated message came, since the node started.
    pub last_heard_ms: Option<i64>,
    /// When it last proved its key in a handshake, since the node started.
    pub last_handshake_ms: Option<i64>,
}

/// One device's entry, shared between its shard and the readers.
#[derive(Default)]
pub struct Here {
    shard: AtomicU16,
    online: AtomicBool,
    heard_ms: AtomicI64,
    handshake_ms: AtomicI64,
}

impl Here {
    /// Notes an authenticated message at `now_ms`; true where the device was offline until now.
    pub fn heard(&self, now_ms: i64) -> bool {
        self.heard_ms.store(now_ms, Ordering::Relaxed);
        !self.online.swap(true, Ordering::Relaxed)
    }

    /// Notes that the device is gone; true where it was online until now.
    pub fn gone(&self) -> bool {
        self.online.swap(false, Ordering::Relaxed)
    }

    /// Notes a completed handshake at `now_ms`.
    pub fn shook_hands(&self, now_ms: i64) {
        self.handshake_ms.store(now_ms, Ordering::Relaxed);
    }

    /// Whether the device counts as online.
    pub fn is_online(&self) -> bool {
        self.online.load(Ordering::Relaxed)
    }

    /// When the device was last heard from, in milliseconds since the Unix epoch; 0 for never.
    pub fn heard_ms(&self) -> i64 {
        self.heard_ms.load(Ordering::Relaxed)
    }
}

/// All devices that had a session since the node started. Written only when a session begins.
#[derive(Clone, Default)]
pub struct Presences {
    all: Arc<RwLock<HashMap<DeviceId, Arc<Here>>>>,
}

impl Presences {
    /// The entry of a device whose session lives on `shard`; made where there is none.
    pub fn enter(&self, device: DeviceId, shard: u16) -> Arc<Here> {
        let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
        let here = Arc::clone(all.entry(device).or_default());
        here.shard.store(shard, Ordering::Relaxed);
        here
    }

    /// What is known about a device.
    pub fn of(&self, device: DeviceId) -> Presence {
        let some = |ms: i64| (ms != 0).then_some(ms);
        self.find(device).map_or_else(Presence::default, |here| Presence {
            online: here.is_online(),
            last_heard_ms: some(here.heard_ms()),
            last_handshake_ms: some(here.handshake_ms.load(Ordering::Relaxed)),
        })
    }

    /// The shard that a device's session lives on.
    pub fn shard_of(&self, device: DeviceId) -> Option<u16> {
        self.find(device).map(|here| here.shard.load(Ordering::Relaxed))
    }

    fn find(&self, device: DeviceId) -> Option<Arc<Here>> {
        self.all.read().unwrap_or_else(PoisonError::into_inner).get(&device).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_online_from_its_first_message_until_it_is_gone() {
        let presences = Presences::default();
        let device = DeviceId::from_bytes([1; 12]);
        assert_eq!(presences.of(device), Presence::default());
        let here = presences.enter(device, 3);
        assert!(!presences.of(device).online);
        assert!(here.heard(5) && !here.heard(6));
        assert_eq!(presences.of(device).last_heard_ms, Some(6));
        assert_eq!(presences.shard_of(device), Some(3));
        assert!(here.gone() && !presences.of(device).online);
    }
}
