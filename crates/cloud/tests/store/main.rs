//! The store as its users see it: what is promised of groups, restarts, pins and sessions. One file a
//! concern.

mod backups;
mod devices;
mod files;
mod group_commit;
mod keys;
mod pins;
mod rollouts;
mod secrets;
#[path = "../api/totp.rs"]
mod totp;
mod upgrades;

use std::path::Path;

use pintle_cloud::DeviceId;
use pintle_cloud::account::{AccountId, Accounts, Cost};
use pintle_cloud::node_key::NodeKey;
use pintle_cloud::store::device::SavedHello;
use pintle_cloud::store::{FILE_NAME, Store};
use tempfile::TempDir;
use zeroize::Zeroizing;

const HELLO: SavedHello = SavedHello {
    platform_id: 13,
    product_id: 13,
    firmware_version: None,
    system_version: Some(6_200),
};

fn node_key() -> NodeKey {
    NodeKey::from_bytes(Zeroizing::new([9; 32]))
}

fn open(dir: &Path) -> Store {
    Store::open(dir, &node_key()).unwrap()
}

fn device(n: u8) -> DeviceId {
    DeviceId::from_bytes([n; 12])
}

fn account(store: &Store, name: &str) -> AccountId {
    let accounts = Accounts::new(store.clone(), &node_key()).with_cost(Cost::for_tests());
    accounts.create_blocking(name, "correct horse", 1).unwrap()
}

/// What a kill at this instant would leave behind, the store still open.
fn copy_of(dir: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for name in [FILE_NAME.to_owned(), format!("{FILE_NAME}-wal")] {
        std::fs::copy(dir.join(&name), copy.path().join(&name)).unwrap();
    }
    copy
}
