//! Whose word counts, and that it goes on counting for what was taken on it.

use super::*;
use pintle_firmware::release::ReleaseFault;

#[test]
fn p8_an_image_without_the_reviewers_is_refused() {
    let people = People::new();
    let mut store = store(Some(&people));
    let file = module(b"second", 2);
    assert_eq!(refused(&mut store, &file, &[]), Refusal::VALIDATION, "unsigned");
    let unreviewed = people.unreviewed(&said(&file, 1, 2));
    let declined = take(&mut store, &file, &unreviewed).unwrap_err();
    assert_eq!(declined.why, Refusal::VALIDATION);
    assert_eq!(declined.message, "0 of 1 review signatures: have it signed by more");
    let strangers = People::new().release(&file, 1, 2);
    assert_eq!(refused(&mut store, &file, &strangers), Refusal::VALIDATION);
    take(&mut store, &file, &people.release(&file, 1, 2)).unwrap();
    assert!(store.boot().unwrap().on_trial);
}

#[test]
fn p8_an_older_security_counter_or_statement_is_refused() {
    let people = People::new();
    let mut store = store(Some(&people));
    let second = module(b"second", 2);
    take(&mut store, &second, &people.release(&second, 5, 4)).unwrap();
    let boot = store.boot().unwrap();
    store.confirm(&boot).unwrap();
    store.boot().unwrap();
    let third = module(b"third", 3);
    let declined = take(&mut store, &third, &people.release(&third, 4, 5)).unwrap_err();
    assert!(declined.message.contains("counter"), "{}", declined.message);
    let declined = take(&mut store, &third, &people.release(&third, 5, 3)).unwrap_err();
    assert!(declined.message.contains("older than 4"), "{}", declined.message);
    take(&mut store, &third, &people.release(&third, 5, 5)).unwrap();
}

#[test]
fn p8_a_release_of_another_file_or_of_what_the_module_does_not_say_is_refused() {
    let people = People::new();
    let mut store = store(Some(&people));
    let file = module(b"second", 2);
    let other = people.release(&module(b"other", 2), 1, 2);
    assert_eq!(refused(&mut store, &file, &other), Refusal::INTEGRITY);
    let lies = Release { version: 7, ..said(&file, 1, 2) };
    let lies = counter_sign(&people.unreviewed(&lies), &people.review).unwrap();
    assert_eq!(refused(&mut store, &file, &lies), Refusal::VALIDATION);
    let elsewhere = Release { platform: Platform(12), ..said(&file, 1, 2) };
    let elsewhere = counter_sign(&people.unreviewed(&elsewhere), &people.review).unwrap();
    assert_eq!(refused(&mut store, &file, &elsewhere), Refusal::PLATFORM);
    let expired = Release { expiry: 1_700_000_001, ..said(&file, 1, 2) };
    let expired = counter_sign(&people.unreviewed(&expired), &people.review).unwrap();
    assert_eq!(refused(&mut store, &file, &expired), Refusal::VALIDATION);
}

#[test]
fn p8_the_last_known_good_image_outlives_the_keys_that_signed_it_and_nothing_new_does() {
    let dir = tempfile::tempdir().unwrap();
    let old = People::new();
    let new = People { root: signer(), ..People::new() };
    std::fs::write(dir.path().join("keyring.cbor"), old.keyring(1)).unwrap();
    let flash = MemoryFlash::new(64 * 1024);
    let open = || {
        let trust = Trust::open(dir.path()).unwrap();
        Store::new(Medium::Memory(flash.clone()), trust, PURPOSE, None).unwrap()
    };
    let first = module(b"first", 1);
    let mut store = open();
    store.install(&first, &old.release(&first, 1, 1)).unwrap();
    store.boot().unwrap();

    let second = module(b"second", 2);
    let next = new.keyring_signed_by(2, &[&old.root, &new.root]);
    // A keyring alone changes nothing, and neither does one with a release that does not hold.
    assert_eq!(refused(&mut store, &second, &next), Refusal::VALIDATION);
    let unheld = [next.clone(), old.release(&second, 1, 2)].concat();
    assert_eq!(refused(&mut store, &second, &unheld), Refusal::VALIDATION);
    assert_eq!(std::fs::read(dir.path().join("keyring.cbor")).unwrap(), old.keyring(1));
    let statement = [next.clone(), new.release(&second, 1, 2)].concat();
    take(&mut store, &second, &statement).unwrap();
    assert_eq!(std::fs::read(dir.path().join("keyring.cbor")).unwrap(), next);

    let mut store = open();
    let boot = store.boot().unwrap();
    assert!(boot.on_trial, "it is admitted by the new keyring");
    store.reject(&boot, &LastReset::Failed(String::new())).unwrap();
    let mut store = open();
    let boot = store.boot().unwrap();
    assert_eq!(boot.firmware.sha256, Digest::of(&first).0, "and this by the old one");
    let third = module(b"third", 3);
    assert_eq!(refused(&mut store, &third, &old.release(&third, 1, 9)), Refusal::VALIDATION);
    assert_eq!(
        refused(&mut open(), &third, &new.release(&third, 1, 1)),
        Refusal::VALIDATION,
        "the number is remembered over a restart"
    );
    take(&mut open(), &third, &new.release(&third, 1, 3)).unwrap();
}

#[test]
fn p8_an_image_whose_release_is_gone_is_not_started() {
    let people = People::new();
    let flash = MemoryFlash::new(64 * 1024);
    drop(store_with(&flash, None));
    let trust = Trust::in_memory(Some(people.keyring(1))).unwrap();
    let mut store = Store::new(Medium::Memory(flash), trust, PURPOSE, None).unwrap();
    assert!(store.boot().is_err(), "it was installed unsigned, before the keyring was pinned");
}

#[test]
fn a_damaged_keyring_is_an_error_and_not_no_keyring() {
    let dir = tempfile::tempdir().unwrap();
    let mut keyring = People::new().keyring(1);
    keyring[40] ^= 1;
    std::fs::write(dir.path().join("keyring.cbor"), &keyring).unwrap();
    assert!(matches!(Trust::open(dir.path()), Err(crate::Error::Keyring { .. })));
    assert!(matches!(Trust::in_memory(Some(Vec::new())), Err(ReleaseFault::Unreadable)));
}
