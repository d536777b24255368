//! Many writers at once: what one is told holds, whatever becomes of the others.

use pintle_cloud::store::device::{SavedHello, put_hello};
use pintle_cloud::store::{Expect, Statement, StoreError};

use super::{HELLO, copy_of, device, open};

#[test]
fn what_was_answered_is_in_a_copy_made_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let asks: Vec<_> =
        (0..200).map(|n| store.devices().put(put_hello(device(n), HELLO, 1))).collect();
    for ask in asks {
        ask.wait().unwrap();
    }
    let copy = copy_of(dir.path());
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
            .enqueue(put_hello(device(1), SavedHello { system_version: Some(version), ..HELLO }, 1))
            .unwrap();
    }
    drop(store);
    let row = open(dir.path()).devices().find(device(1)).wait().unwrap().unwrap();
    assert_eq!(row.system_version, Some(499));
}
