//! The first image, and programs in a folder.

use super::*;
use crate::folder::{CreateOptions, Folder, Service};
use crate::{Error, PublicKey};
use std::os::unix::fs::PermissionsExt;

pub(super) fn folder(dir: &std::path::Path) -> Folder {
    use pintle_dtls::crypto::{AwsLc, Crypto};
    let key = AwsLc.signing_key_from_der(&crate::life::tests::cloud::generate_key()).unwrap();
    let cloud_key: PublicKey = AwsLc.public_key(&key);
    let dir = dir.join("d");
    let service = Service::Udp { cloud_key };
    let cloud = "127.0.0.1:1".to_owned();
    Folder::create(CreateOptions { dir, id: None, service, cloud }).unwrap()
}

const ROOM: u32 = 256 * 1024;

#[test]
fn a_first_image_is_installed_once_and_a_bad_one_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let folder = folder(dir.path());
    let home = folder.dir();
    assert!(matches!(installed(&folder), Err(Error::NoFirmware(_))));
    let mut bad = builder(b"x", 1);
    bad.prefix.platform = Platform(12);
    let refused = install(&folder, &bad.build(), &[], ROOM).unwrap_err();
    assert_eq!(refused.to_string(), "it is for argon (12), not for gcc (3)");
    let large = module(&vec![0; 400_000], 1);
    assert!(matches!(install(&folder, &large, &[], ROOM), Err(Error::Firmware(_))));
    assert!(!home.join("slots.bin").exists());
    let file = module(b"#!/bin/sh\nexit 0\n", 1);
    install(&folder, &file, &[], ROOM).unwrap();
    assert!(matches!(install(&folder, &file, &[], ROOM), Err(Error::HasFirmware(_))));
    let installed = installed(&folder).unwrap();
    let shown: Vec<_> = installed.slots().collect();
    let (name, Some(first)) = &shown[0] else { panic!("{shown:?}") };
    assert_eq!((*name, first.standing(), first.sha256), ("a", "confirmed", Digest::of(&file).0));
    assert_eq!(shown[1], ("b", None));

    let mut store = open(&folder).unwrap();
    assert!(matches!(open(&folder), Err(Error::InUse(_))));
    let program = store.boot().unwrap().program.unwrap().unwrap();
    assert_eq!(std::fs::read(&program).unwrap(), b"#!/bin/sh\nexit 0\n");
    assert_eq!(std::fs::metadata(&program).unwrap().permissions().mode() & 0o777, 0o700);
    std::fs::write(&program, b"somebody else's").unwrap();
    store.boot().unwrap();
    assert_eq!(std::fs::read(&program).unwrap(), b"#!/bin/sh\nexit 0\n");
}

#[test]
fn p8_a_device_with_a_keyring_is_given_no_unsigned_first_image() {
    let dir = tempfile::tempdir().unwrap();
    let folder = folder(dir.path());
    let people = People::new();
    std::fs::write(folder.dir().join("keyring.cbor"), people.keyring(1)).unwrap();
    let file = module(b"x", 1);
    assert!(matches!(install(&folder, &file, &[], ROOM), Err(Error::Firmware(_))));
    install(&folder, &file, &people.release(&file, 1, 1), ROOM).unwrap();
    open(&folder).unwrap().boot().unwrap();
}

#[test]
fn p8_a_program_that_cannot_be_put_down_is_one_refusal_and_nothing_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let folder = folder(dir.path());
    let file = module(b"#!/bin/sh\nexit 0\n", 1);
    install(&folder, &file, &[], ROOM).unwrap();
    let mut store = open(&folder).unwrap();
    store.boot().unwrap();
    let next = module(b"#!/bin/sh\nexit 1\n", 2);
    // Something is where its file is to be made.
    let in_the_way = folder.dir().join("application-b.new");
    std::fs::create_dir(&in_the_way).unwrap();
    let declined = take(&mut store, &next, &[]).unwrap_err();
    assert_eq!(declined.why, Refusal::FAILED);
    assert!(declined.message.contains("put the program beside its settings"), "{declined:?}");
    let boot = store.boot().unwrap();
    assert!(!boot.on_trial && boot.program.unwrap().is_ok());
    std::fs::remove_dir(&in_the_way).unwrap();
    take(&mut store, &next, &[]).unwrap();
    assert!(store.boot().unwrap().on_trial);
}

#[test]
fn a_keyring_is_pinned_once() {
    let dir = tempfile::tempdir().unwrap();
    let folder = folder(dir.path());
    let people = People::new();
    let ring = people.keyring(1);
    assert!(matches!(pin_keyring(&folder, b"no keyring"), Err(Error::Keyring { .. })));
    pin_keyring(&folder, &ring).unwrap();
    pin_keyring(&folder, &ring).unwrap();
    let others = People::new().keyring(1);
    assert!(matches!(pin_keyring(&folder, &others), Err(Error::HasKeyring(_))));
}
