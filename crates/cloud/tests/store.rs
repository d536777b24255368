//! The store as its users see it: what is promised of groups, restarts, pins and sessions.

use std::path::Path;

use pintle_cloud::DeviceId;
use pintle_cloud::account::{AccountId, Accounts, Lifetime};
use pintle_cloud::node_key::NodeKey;
use pintle_cloud::store::device::{
    Claim, Rename, SavedHello, SavedSubscription, put_hello, put_subscriptions,
};
use pintle_cloud::store::pin::{HistoryEntry, NewPin, PinChange, PinError, PinnedBy, What, note};
use pintle_cloud::store::session::SavedSession;
use pintle_cloud::store::{Expect, FILE_NAME, Statement, Store, StoreError};
use pintle_dtls::PublicKey;
use proptest::prelude::*;
use zeroize::Zeroizing;

const HELLO: SavedHello =
    SavedHello { platform_id: 13, product_id: 13, firmware_version: None, system_version: 6_200 };

fn node_key() -> NodeKey {
    NodeKey::from_bytes(Zeroizing::new([9; 32]))
}

fn open(dir: &Path) -> Store {
    Store::open(dir, &node_key()).unwrap()
}

fn device(n: u8) -> DeviceId {
    DeviceId::from_bytes([n; 12])
}

fn key(n: u8) -> PublicKey {
    let mut point = [n; 65];
    point[0] = 4;
    PublicKey::from_point(&point).unwrap()
}

fn pin(device_number: u8, key_number: u8) -> NewPin {
    NewPin {
        device: device(device_number),
        key: key(key_number),
        platform_id: Some(13),
        owner: None,
        by: PinnedBy::Operator,
        at_ms: 1,
    }
}

fn account(store: &Store, name: &str) -> AccountId {
    Accounts::new(store.clone(), &node_key()).create_blocking(name, "correct horse", 1).unwrap()
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// Every byte of the database and its log.
fn bytes_of(dir: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(dir).unwrap();
    files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
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
    assert_eq!(store.pins().device_of(key(1).fingerprint()).wait().unwrap(), Some(device(1)));
    assert_eq!(store.pins().all().wait().unwrap().len(), 1);
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
    assert!(store.pins().all().wait().unwrap().is_empty());
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

#[test]
fn p3_a_saved_session_is_taken_once_and_never_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let saved = SavedSession {
        device: device(1),
        slot: 3,
        generation: 4,
        sealed: b"a sealed session".to_vec(),
    };
    store.sessions().put_all(&[saved]).wait().unwrap();
    drop(store);
    let store = open(dir.path());
    let taken = store.sessions().take_all().wait().unwrap();
    assert_eq!((taken.len(), taken[0].slot, taken[0].generation), (1, 3, 4));
    assert!(store.sessions().take_all().wait().unwrap().is_empty());
    drop(store);
    assert!(open(dir.path()).sessions().take_all().wait().unwrap().is_empty());
}

#[test]
fn p3_a_copy_of_the_files_after_taking_has_no_session_left() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let saved = SavedSession { device: device(1), slot: 0, generation: 0, sealed: vec![1; 200] };
    store.sessions().put_all(&[saved]).wait().unwrap();
    assert_eq!(store.sessions().take_all().wait().unwrap().len(), 1);
    // What a kill at this instant would leave behind, the store still open.
    let copy = tempfile::tempdir().unwrap();
    for name in [FILE_NAME.to_owned(), format!("{FILE_NAME}-wal")] {
        std::fs::copy(dir.path().join(&name), copy.path().join(&name)).unwrap();
    }
    assert!(open(copy.path()).sessions().take_all().wait().unwrap().is_empty());
}

#[test]
fn what_was_answered_is_in_a_copy_made_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let asks: Vec<_> =
        (0..200).map(|n| store.devices().put(put_hello(device(n), HELLO, 1))).collect();
    for ask in asks {
        ask.wait().unwrap();
    }
    let copy = tempfile::tempdir().unwrap();
    for name in [FILE_NAME.to_owned(), format!("{FILE_NAME}-wal")] {
        std::fs::copy(dir.path().join(&name), copy.path().join(&name)).unwrap();
    }
    let copied = open(copy.path());
    for n in 0..200 {
        assert!(copied.devices().find(device(n)).wait().unwrap().is_some(), "device {n}");
    }
}

#[test]
fn one_caller_that_fails_does_not_undo_the_others_of_its_group() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let unmet = || {
        put_hello(device(200), HELLO, 1).then(
            Statement::new("DELETE FROM device WHERE id = ?1")
                .with(device(201).as_bytes().as_slice())
                .expecting(Expect::Some),
        )
    };
    let mut good = Vec::new();
    let mut bad = Vec::new();
    for n in 0..100 {
        good.push(store.devices().put(put_hello(device(n), HELLO, 1)));
        bad.push(store.devices().put(unmet()));
    }
    assert!(good.into_iter().all(|ask| ask.wait().is_ok()));
    assert!(bad.into_iter().all(|ask| matches!(ask.wait(), Err(StoreError::Unmet))));
    assert!(store.devices().find(device(99)).wait().unwrap().is_some());
    assert!(
        store.devices().find(device(200)).wait().unwrap().is_none(),
        "an unmet transaction leaves nothing"
    );
}

#[test]
fn writes_nobody_waits_for_are_made_in_order_and_before_the_store_closes() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for version in 0..500 {
        store
            .enqueue(put_hello(device(1), SavedHello { system_version: version, ..HELLO }, 1))
            .unwrap();
    }
    drop(store);
    let row = open(dir.path()).devices().find(device(1)).wait().unwrap().unwrap();
    assert_eq!(row.system_version, Some(499));
}

#[test]
fn claims_names_and_releases_keep_owners_apart() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let (one, other) = (account(&store, "one"), account(&store, "other"));
    let devices = || store.devices();
    assert_eq!(devices().claim(device(1), one).wait().unwrap(), Claim::Unknown);
    for n in [1, 2] {
        devices().put(put_hello(device(n), HELLO, 1)).wait().unwrap();
        assert_eq!(devices().claim(device(n), one).wait().unwrap(), Claim::Claimed);
    }
    assert_eq!(devices().claim(device(1), one).wait().unwrap(), Claim::AlreadyYours);
    assert_eq!(devices().claim(device(1), other).wait().unwrap(), Claim::Foreign);
    assert_eq!(devices().rename(device(1), other, "mine").wait().unwrap(), Rename::NotYours);
    assert_eq!(devices().rename(device(1), one, "lamp").wait().unwrap(), Rename::Renamed);
    assert_eq!(devices().rename(device(2), one, "lamp").wait().unwrap(), Rename::NameTaken);
    assert_eq!(devices().find_by_name(one, "lamp").wait().unwrap().unwrap().id, device(1));
    assert!(devices().find_by_name(other, "lamp").wait().unwrap().is_none());
    assert!(!devices().release(device(1), other).wait().unwrap());
    assert!(devices().release(device(1), one).wait().unwrap());
    assert_eq!(devices().find(device(1)).wait().unwrap().unwrap().name, None);
    assert_eq!(devices().claim(device(1), other).wait().unwrap(), Claim::Claimed);
}

#[test]
fn subscriptions_survive_a_restart_in_their_order() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let all = ["particle", "spark", "temp/é"].map(|prefix| SavedSubscription {
        prefix: prefix.to_owned(),
        options: 5,
        only_device: Some(device(7)),
    });
    store.devices().put(put_hello(device(1), HELLO, 1)).wait().unwrap();
    store.devices().put(put_subscriptions(device(1), &all[..1])).wait().unwrap();
    store.devices().put(put_subscriptions(device(1), &all)).wait().unwrap();
    store.devices().put(put_subscriptions(device(2), &all)).wait().unwrap();
    drop(store);
    let store = open(dir.path());
    assert_eq!(store.devices().subscriptions(device(1)).wait().unwrap(), all);
    assert!(
        store.devices().subscriptions(device(2)).wait().unwrap().is_empty(),
        "no such device, nothing kept"
    );
}

#[test]
fn another_node_key_does_not_open_the_store() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    let other = NodeKey::from_bytes(Zeroizing::new([8; 32]));
    assert!(matches!(Store::open(dir.path(), &other), Err(StoreError::OtherNodeKey)));
}

#[test]
fn a_damaged_file_is_named_as_damaged() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(FILE_NAME), vec![b'x'; 8_192]).unwrap();
    match Store::open(dir.path(), &node_key()) {
        Err(error @ StoreError::Corrupt(_)) => {
            assert!(error.to_string().contains("restore a backup"))
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("opened"),
    }
}

#[test]
fn the_files_of_the_store_are_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.devices().put(put_hello(device(1), HELLO, 1)).wait().unwrap();
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(
            file.metadata().unwrap().permissions().mode() & 0o777,
            0o600,
            "{:?}",
            file.path()
        );
    }
}

#[tokio::test]
async fn p6_p9_no_name_password_or_token_is_in_the_files_of_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_owned();
    let store = tokio::task::spawn_blocking(move || open(&path)).await.unwrap();
    let accounts = Accounts::new(store.clone(), &node_key());
    let maker = accounts.clone();
    let made = tokio::task::spawn_blocking(move || {
        maker.create_blocking("Grace.Hopper@example.com", "nanoseconds", 1)
    });
    let account = made.await.unwrap().unwrap();
    let issued = accounts
        .issue(account, "Grace.Hopper@example.com", "cli", Lifetime::asked(None), 1)
        .await
        .unwrap();
    let token = issued.token.reveal();
    let caller = accounts.caller(&token, 2).await.unwrap().unwrap();
    assert_eq!(caller.name.as_str(), "Grace.Hopper@example.com", "the token's holder can read it");
    let raw: Vec<u8> =
        (0..32).map(|n| u8::from_str_radix(&token[2 * n..2 * n + 2], 16).unwrap()).collect();

    let bytes = bytes_of(dir.path());
    assert!(contains(&bytes, &caller.client.clone().into_bytes()), "the search itself works");
    for secret in ["hopper", "Hopper", "example.com", "nanoseconds", token.as_str()] {
        assert!(!contains(&bytes, secret.as_bytes()), "{secret} is in the store");
    }
    assert!(!contains(&bytes, &raw), "the token's bytes are in the store");
}

#[tokio::test]
async fn p5_under_another_node_key_no_password_and_no_token_of_the_store_is_good() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let accounts = Accounts::new(store.clone(), &node_key());
    let maker = accounts.clone();
    let made =
        tokio::task::spawn_blocking(move || maker.create_blocking("ada", "correct horse", 1));
    let account = made.await.unwrap().unwrap();
    let token = accounts
        .issue(account, "ada", "cli", Lifetime::asked(None), 1)
        .await
        .unwrap()
        .token
        .reveal();
    let password = || Zeroizing::new("correct horse".to_owned());
    assert_eq!(accounts.check("ada", password()).await.unwrap(), Some(account));

    let thief = Accounts::new(store, &NodeKey::from_bytes(Zeroizing::new([8; 32])));
    assert_eq!(thief.check("ada", password()).await.unwrap(), None);
    assert!(thief.caller(&token, 2).await.unwrap().is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever pins are tried in whatever order, each key has one device and the last pin that was taken holds.
    #[test]
    fn p1_pins_agree_with_a_simple_model(tries in prop::collection::vec((0_u8..4, 0_u8..4), 1..24)) {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        let mut model = std::collections::BTreeMap::new();
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
        let mut found = store.pins().all().wait().unwrap();
        found.sort_by_key(|(_, device)| *device);
        let wanted: Vec<_> = model.iter().map(|(d, k)| (key(*k).fingerprint(), device(*d))).collect();
        prop_assert_eq!(found, wanted);
    }
}
