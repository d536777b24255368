//! Devices: whose they are, what they are called, and what they subscribed to.

use pintle_cloud::store::device::{Claim, Rename, SavedSubscription, put_hello, put_subscriptions};

use super::{HELLO, account, device, open};

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
    let all = ["particle", "spark", "temp/é"]
        .map(|prefix| SavedSubscription { prefix: prefix.to_owned(), options: 5 });
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
fn all_owners_and_all_subscriptions_are_read_in_one_go() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let owner = account(&store, "one");
    let saved = |prefix: &str| SavedSubscription { prefix: prefix.to_owned(), options: 0 };
    for n in [3, 1, 2] {
        store.devices().put(put_hello(device(n), HELLO, 1)).wait().unwrap();
        store
            .devices()
            .put(put_subscriptions(device(n), &[saved("b"), saved("a")]))
            .wait()
            .unwrap();
    }
    for n in [2, 3] {
        store.devices().claim(device(n), owner).wait().unwrap();
    }
    let owners: Vec<_> = store.devices().owners().map(Result::unwrap).collect();
    assert_eq!(owners, [(device(2), owner), (device(3), owner)]);
    let subscriptions: Vec<_> = store.devices().all_subscriptions().map(Result::unwrap).collect();
    let expected = [1, 2, 3].map(|n| [(device(n), saved("b")), (device(n), saved("a"))]);
    assert_eq!(subscriptions, expected.concat());
}
