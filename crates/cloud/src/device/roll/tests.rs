//! The roll against a plain map of each direction, in whatever order pins are set and removed.

use super::*;
use crate::device::{SessionKey, Whereabouts};
use crate::store::Store;
use pintle_dtls::PublicKey;
use proptest::prelude::*;
use std::collections::HashMap;

fn device(n: u32) -> DeviceId {
    let mut id = [0; 12];
    id[8..].copy_from_slice(&n.to_be_bytes());
    DeviceId::from_bytes(id)
}

fn key(n: u32) -> Fingerprint {
    let mut bytes = [7; 32];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    Fingerprint::from_bytes(bytes)
}

fn account(n: u8) -> AccountId {
    AccountId::from_bytes([n; 16])
}

/// One key a device and one device a key, as two maps.
#[derive(Default)]
struct Model {
    keys: HashMap<DeviceId, Fingerprint>,
    devices: HashMap<Fingerprint, DeviceId>,
}

impl Model {
    fn set_key(&mut self, device: DeviceId, key: Option<Fingerprint>) {
        if let Some(old) = self.keys.remove(&device) {
            self.devices.remove(&old);
        }
        let Some(key) = key else { return };
        if let Some(other) = self.devices.insert(key, device) {
            self.keys.remove(&other);
        }
        self.keys.insert(device, key);
    }
}

proptest! {
    #[test]
    fn p1_the_roll_answers_as_two_maps_would(
        steps in prop::collection::vec((0_u32..40, prop::option::of(0_u32..40)), 1..300),
        loaded in 0_usize..200,
    ) {
        let (roll, mut model) = (Roll::default(), Model::default());
        // As when a node starts: room for what is there, and more to come.
        roll.shared.names.write().unwrap().reserve(loaded);
        for (of, pinned) in steps {
            let (of, pinned) = (device(of), pinned.map(key));
            let before = roll.key_of(of).and_then(|key| roll.enter(of, key));
            roll.set_key(of, pinned);
            let same = model.keys.get(&of).copied() == pinned;
            model.set_key(of, pinned);
            if let Some(before) = before {
                prop_assert_eq!(roll.is_current(before), same);
                prop_assert_eq!(roll.key_of_session(before), pinned.filter(|_| same));
            }
        }
        for n in 0..40 {
            prop_assert_eq!(roll.key_of(device(n)), model.keys.get(&device(n)).copied());
            prop_assert_eq!(roll.device_of(key(n)), model.devices.get(&key(n)).copied());
        }
    }
}

#[test]
fn p1_a_session_under_a_key_that_moved_to_another_device_is_no_longer_current() {
    let roll = Roll::default();
    roll.set_key(device(1), Some(key(1)));
    let here = roll.enter(device(1), key(1)).unwrap();
    roll.set_key(device(2), Some(key(1)));
    assert!(!roll.is_current(here));
    assert!(roll.enter(device(1), key(1)).is_none());
    assert!(roll.enter(device(2), key(1)).is_some());
}

#[test]
fn p1_the_same_pin_told_to_every_shard_ends_no_session_under_it() {
    let roll = Roll::default();
    roll.set_key(device(1), Some(key(1)));
    roll.set_key(device(1), Some(key(2)));
    let here = roll.enter(device(1), key(2)).unwrap();
    roll.set_key(device(1), Some(key(2)));
    assert!(roll.is_current(here));
}

#[test]
fn a_device_is_online_from_its_first_message_until_it_is_gone() {
    let roll = Roll::default();
    assert_eq!(roll.presence(device(1)), Presence::default());
    roll.set_key(device(1), Some(key(1)));
    let number = roll.enter(device(1), key(1)).unwrap().number;
    let at = Whereabouts { shard: 3, session: SessionKey(8) };
    roll.settle(number, at);
    assert!(!roll.presence(device(1)).online);
    assert!(roll.heard(number, 5) && !roll.heard(number, 6));
    assert_eq!(roll.presence(device(1)).last_heard_ms, Some(6));
    assert_eq!(roll.shard_of(device(1)), Some(3));
    assert!(roll.gone(number, at) && !roll.presence(device(1)).online);
}

#[test]
fn an_owner_is_known_by_the_devices_number() {
    let roll = Roll::default();
    roll.set_owner(device(1), Some(account(1)));
    assert!(roll.find(device(1)).is_none(), "a device without a key is not on the roll");
    for n in 1..=3 {
        roll.set_key(device(n), Some(key(n)));
        roll.set_owner(device(n), Some(account(n as u8 % 2)));
    }
    let owner = |n| roll.owner(roll.find(device(n)).unwrap());
    assert_eq!([owner(1), owner(2), owner(3)], [1, 0, 1].map(|n| Some(account(n))));
    roll.set_owner(device(1), None);
    assert_eq!(owner(1), None);
}

#[test]
fn a_million_devices_cost_at_most_200_bytes_each_beside_their_slots() {
    use crate::device::{Registry, Subscribed, Takes};
    // One more than tables of 2^17 places take: they were just doubled, and are as empty as they get.
    const DEVICES: u32 = (1 << 17) / 8 * 7 + 1;
    let roll = Roll::default();
    let mut registry = Registry::new(roll.clone());
    for n in 0..DEVICES {
        roll.set_key(device(n), Some(key(n)));
        roll.set_owner(device(n), Some(account((n % 200) as u8)));
    }
    let each = |bytes: usize| bytes / DEVICES as usize;
    let idle = each(roll.bytes());
    assert!(idle <= 120, "{idle} bytes on the roll");
    for n in 0..DEVICES {
        let list = ["spark/", "particle/"].map(|prefix| Subscribed {
            prefix: prefix.into(),
            takes: Takes::Text,
            from: None,
        });
        registry.learn(roll.find(device(n)).unwrap(), list.into());
    }
    let subscribed = each(registry.bytes());
    assert!(idle + subscribed <= 200, "{idle} on the roll and {subscribed} for subscriptions");
}

#[test]
fn the_roll_is_loaded_from_the_store_in_whole() {
    use crate::account::{Accounts, Cost};
    use crate::node_key::NodeKey;
    use crate::store::pin::{NewPin, PinnedBy};
    let folder = tempfile::tempdir().unwrap();
    let node_key = NodeKey::generate().unwrap();
    let store = Store::open(folder.path(), &node_key).unwrap();
    let accounts = Accounts::new(store.clone(), &node_key).with_cost(Cost::for_tests());
    let owner = accounts.create_blocking("someone", "a password of some length", 0).unwrap();
    let pins: Vec<_> = (0..3000_u32)
        .map(|n| {
            let mut point = [4; 65];
            point[1..5].copy_from_slice(&n.to_be_bytes());
            NewPin {
                device: device(n),
                key: PublicKey::from_point(&point).unwrap().into(),
                platform_id: None,
                owner: (n % 3 == 0).then_some(owner),
                by: PinnedBy::Import,
                at_ms: 1,
            }
        })
        .collect();
    store.pins().set_all(&pins).wait().unwrap();
    let roll = Roll::default();
    roll.load(&store).unwrap();
    for pin in &pins {
        let key = pin.key.fingerprint();
        assert_eq!(roll.key_of(pin.device), Some(key));
        assert_eq!(roll.device_of(key), Some(pin.device));
        assert_eq!(roll.owner(roll.find(pin.device).unwrap()), pin.owner);
    }
}
