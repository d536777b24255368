//! The files of the store: whose they are, and which are not opened.

use pintle_cloud::node_key::NodeKey;
use pintle_cloud::store::device::put_hello;
use pintle_cloud::store::{FILE_NAME, Store, StoreError};
use zeroize::Zeroizing;

use super::{HELLO, device, node_key, open};

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
