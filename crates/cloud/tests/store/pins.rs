//! Pins: one key a device and one device a key, all of a batch or nothing, and a history of it.

use std::collections::BTreeMap;

use pintle_cloud::device_key::{DeviceKey, KeyKind};
use pintle_cloud::store::pin::{
    HistoryEntry, NewPin, PinChange, PinError, Pinned, PinnedBy, What, note,
};
use pintle_dtls::PublicKey;
use pintle_protocol::tcp::DevicePublicKey;
use proptest::prelude::*;

use super::{account, device, open};

fn key(n: u8) -> PublicKey {
    let mut point = [n; 65];
    point[0] = 4;
    PublicKey::from_point(&point).unwrap()
}

fn pin(device_number: u8, key_number: u8) -> NewPin {
    NewPin {
        device: device(device_number),
        key: key(key_number).into(),
        platform_id: Some(13),
        owner: None,
        by: PinnedBy::Operator,
        at_ms: 1,
    }
}

#[test]
fn p1_a_key_is_pinned_to_one_device_only() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    assert_eq!(store.pins().set(&pin(1, 1)).wait().unwrap(), PinChange::First);
    assert_eq!(store.pins().set(&pin(1, 1)).wait().unwrap(), PinChange::Same);
    match store.pins().set(&pin(2, 1)).wait() {
        Err(PinError::KeyAlreadyPinned { to }) => assert_eq!(to, device(1)),
        other => panic!("{other:?}"),
    }
    assert_eq!(
        store.pins().all().collect::<Result<Vec<_>, _>>().unwrap(),
        [(key(1).fingerprint(), device(1))]
    );
    assert!(
        store.devices().find(device(2)).wait().unwrap().is_none(),
        "a refused pin leaves no device"
    );
}

#[test]
fn p1_a_first_pin_never_replaces_a_key_nor_takes_a_foreign_device() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let (one, other) = (account(&store, "one"), account(&store, "other"));
    let first = |key, owner| NewPin { owner: Some(owner), ..pin(1, key) };
    assert_eq!(store.pins().set_first(&first(1, one)).wait().unwrap(), PinChange::First);
    assert_eq!(store.pins().set_first(&first(1, one)).wait().unwrap(), PinChange::Same);
    let error = store.pins().set_first(&first(2, one)).wait().unwrap_err();
    assert!(matches!(error, PinError::AnotherKeyPinned { .. }), "{error}");
    let error = store.pins().set_first(&first(1, other)).wait().unwrap_err();
    assert!(matches!(error, PinError::Foreign { .. }), "{error}");
    assert_eq!(store.pins().key_of(device(1)).wait().unwrap(), Some(key(1).fingerprint()));
}

#[test]
fn every_change_of_a_pin_is_in_the_history_and_no_repetition_is() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.pins().set(&pin(1, 1)).wait().unwrap();
    store.pins().set(&pin(1, 1)).wait().unwrap();
    let replaced = store.pins().set(&pin(1, 2)).wait().unwrap();
    assert_eq!(replaced, PinChange::Replaced { old: key(1).fingerprint() });
    let entry = HistoryEntry {
        at_ms: 2,
        device: None,
        fingerprint: Some(key(3).fingerprint()),
        kind: KeyKind::P256,
        what: What::RefusedUnpinned.as_str().to_owned(),
        detail: String::new(),
    };
    store.pins().note(&entry).wait().unwrap();
    let what = |device| -> Vec<_> {
        let history = store.pins().history(device).wait().unwrap();
        history.into_iter().map(|entry| entry.what).collect()
    };
    assert_eq!(what(None), ["pinned", "replaced", "refused-unpinned"]);
    assert_eq!(what(Some(device(1))), ["pinned", "replaced"]);
}

#[test]
fn a_batch_with_one_bad_pin_changes_nothing_and_names_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let error = store.pins().set_all(&[pin(1, 1), pin(2, 2), pin(3, 1)]).wait().unwrap_err();
    assert_eq!(error.index, 2);
    assert!(matches!(error.error, PinError::KeyAlreadyPinned { to } if to == device(1)));
    assert!(store.pins().all().next().is_none());
    assert!(store.pins().history(None).wait().unwrap().is_empty());
    assert_eq!(
        store.pins().set_all(&[pin(1, 1), pin(2, 2)]).wait().unwrap(),
        [PinChange::First; 2]
    );
}

#[test]
fn refusals_in_the_history_are_bounded_and_changes_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.pins().set(&pin(1, 1)).wait().unwrap();
    for n in 0..10_500 {
        let entry = HistoryEntry {
            at_ms: n,
            device: None,
            fingerprint: None,
            kind: KeyKind::P256,
            what: What::RefusedUnpinned.as_str().to_owned(),
            detail: String::new(),
        };
        store.enqueue(note(&entry)).unwrap();
    }
    store.flush().wait().unwrap();
    let history = store.pins().history(None).wait().unwrap();
    assert!(history.len() <= 10_001, "{}", history.len());
    assert_eq!(history[0].what, "pinned");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever pins are tried in whatever order, each key has one device and the last pin that was taken holds.
    #[test]
    fn p1_pins_agree_with_a_simple_model(tries in prop::collection::vec((0_u8..4, 0_u8..4), 1..24)) {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        let mut model = BTreeMap::new();
        for (device_number, key_number) in tries {
            let holder = model.iter().find(|(_, key)| **key == key_number).map(|(device, _)| *device);
            let result = store.pins().set(&pin(device_number, key_number)).wait();
            match holder {
                Some(other) if other != device_number => prop_assert!(result.is_err()),
                _ => {
                    prop_assert!(result.is_ok());
                    model.insert(device_number, key_number);
                }
            }
        }
        let mut found = store.pins().all().collect::<Result<Vec<_>, _>>().unwrap();
        found.sort_by_key(|(_, device)| *device);
        let wanted: Vec<_> = model.iter().map(|(d, k)| (key(*k).fingerprint(), device(*d))).collect();
        prop_assert_eq!(found, wanted);
    }
}

#[test]
fn a_device_is_found_with_its_key_and_its_owner() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let owner = account(&store, "one");
    store.pins().set(&NewPin { owner: Some(owner), ..pin(1, 1) }).wait().unwrap();
    let found = store.pins().find(device(1)).wait().unwrap();
    assert_eq!((found.key, found.owner), (Some(key(1).fingerprint()), Some(owner)));
    assert_eq!(store.pins().find(device(2)).wait().unwrap(), Pinned::default());
    assert_eq!(store.pins().count().wait().unwrap(), 1);
}

#[test]
fn p1_devices_that_are_forgotten_have_no_key_and_no_record_but_a_history() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for n in 1..=3 {
        store.pins().set(&pin(n, n)).wait().unwrap();
    }
    let forgotten = store.pins().forget_all(&[device(1), device(9), device(3)], 5).wait().unwrap();
    assert_eq!(forgotten, 2);
    assert_eq!(store.pins().count().wait().unwrap(), 1);
    let left = |n| store.pins().find(device(n)).wait().unwrap().key;
    assert_eq!([left(1), left(2), left(3)], [None, Some(key(2).fingerprint()), None]);
    assert!(store.devices().find(device(1)).wait().unwrap().is_none());
    assert!(store.pins().history(Some(device(9))).wait().unwrap().is_empty());
    let history = store.pins().history(Some(device(3))).wait().unwrap();
    let last = history.last().unwrap();
    assert_eq!((last.what.as_str(), last.at_ms), (What::Removed.as_str(), 5));
    assert_eq!(last.fingerprint, Some(key(3).fingerprint()));
    store.pins().set(&pin(4, 1)).wait().unwrap();
}

#[test]
fn p1_rsa_keys_are_pinned_beside_p256_ones_under_the_same_rules() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let rsa = |n: u8| DevicePublicKey::from_modulus(&[0x80 | n; 128]).unwrap();
    let rsa_pin = |device, n| NewPin { key: rsa(n).into(), ..pin(device, 0) };
    store.pins().set(&pin(1, 1)).wait().unwrap();
    assert_eq!(store.pins().set(&rsa_pin(2, 1)).wait().unwrap(), PinChange::First);
    assert_eq!(store.pins().set(&rsa_pin(2, 1)).wait().unwrap(), PinChange::Same);
    let error = store.pins().set(&rsa_pin(3, 1)).wait().unwrap_err();
    assert!(matches!(error, PinError::KeyAlreadyPinned { to } if to == device(2)), "{error}");
    let old = DeviceKey::from(key(1)).fingerprint();
    let replaced = store.pins().set(&rsa_pin(1, 2)).wait().unwrap();
    assert_eq!(replaced, PinChange::Replaced { old });
    let listed = store.pins().list().wait().unwrap();
    let listed: Vec<_> = listed.iter().map(|row| (row.device, row.kind)).collect();
    assert_eq!(listed, [(device(1), KeyKind::Rsa1024), (device(2), KeyKind::Rsa1024)]);
    let history = store.pins().history(Some(device(1))).wait().unwrap();
    let kinds: Vec<_> = history.iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [KeyKind::P256, KeyKind::Rsa1024]);
    let pinned: Vec<_> = store.pins().rsa_keys().map(Result::unwrap).collect();
    assert_eq!(pinned, [(device(1), rsa(2)), (device(2), rsa(1))]);
}
