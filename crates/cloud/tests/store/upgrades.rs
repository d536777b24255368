//! Stores as every released schema left them: `schemas/N.sql` is a dump of one with schema N, and what is in it is as
//! good after the upgrade as it was before.

use super::{device, node_key};
use pintle_cloud::account::Accounts;
use pintle_cloud::node_key::{Label, NodeKey, Use};
use pintle_cloud::product::{ProductId, Shelf};
use pintle_cloud::store::{FILE_NAME, Store, StoreError};
use rusqlite::Connection;
use std::path::Path;
use tempfile::TempDir;
use zeroize::Zeroizing;

const DUMPS: [&str; 6] = [
    include_str!("schemas/1.sql"),
    include_str!("schemas/2.sql"),
    include_str!("schemas/3.sql"),
    include_str!("schemas/4.sql"),
    include_str!("schemas/5.sql"),
    include_str!("schemas/6.sql"),
];

/// What ada's client was given, in every one of them.
const TOKEN: &str = "f90010741a3c7419640f06547795e3a29573392da2bb73894279db2430c43fca";
const THEN_MS: i64 = 1_790_000_000_001;

fn laid_down(dump: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let store = Connection::open(dir.path().join(FILE_NAME)).unwrap();
    store.pragma_update(None, "foreign_keys", "OFF").unwrap();
    store.execute_batch(dump).unwrap();
    dir
}

async fn open(dir: &Path) -> (Store, NodeKey) {
    let dir = dir.to_owned();
    let opened = tokio::task::spawn_blocking(move || {
        let key = node_key();
        (Store::open(&dir, &key).unwrap(), key)
    });
    opened.await.unwrap()
}

/// Twice: right after the upgrade, and when it is opened again.
#[tokio::test]
async fn a_store_of_every_released_schema_is_upgraded_with_all_that_is_in_it() {
    for (dump, schema) in DUMPS.into_iter().zip(1..) {
        let dir = laid_down(dump);
        for _ in 0..2 {
            let (store, key) = open(dir.path()).await;
            let accounts = Accounts::new(store.clone(), &key);
            let password = Zeroizing::new("correct horse".to_owned());
            let ada = accounts.check("ada", password).await.unwrap();
            assert!(ada.is_some(), "schema {schema}: the password is good");
            let caller = accounts.caller(TOKEN, THEN_MS).await.unwrap().expect("a good token");
            assert_eq!((Some(caller.account), caller.name.as_str()), (ada, "ada"));
            let alpha = store.devices().find(device(1)).await.unwrap().unwrap();
            assert_eq!((alpha.owner, alpha.name.as_deref()), (ada, Some("alpha")));
            assert_eq!(store.pins().list().await.unwrap().len(), 1);
            assert_eq!(store.pins().history(None).await.unwrap().len(), 1);
            if schema >= 5 {
                let shelf = Shelf::new(store.clone(), &key, dir.path()).unwrap();
                let image = shelf.image(ProductId(12_345), 3).await.unwrap();
                assert_eq!(image.file.len(), 132, "schema {schema}: firmware opens");
            }
            tokio::task::spawn_blocking(move || drop((accounts, store))).await.unwrap();
        }
    }
}

#[tokio::test]
async fn an_upgraded_store_has_the_schema_of_a_new_one() {
    let of = |dir: &Path| -> Vec<(String, Option<String>)> {
        let store = Connection::open(dir.join(FILE_NAME)).unwrap();
        let mut rows = store.prepare("SELECT name, sql FROM sqlite_master ORDER BY name").unwrap();
        let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let fresh = tempfile::tempdir().unwrap();
    drop(open(fresh.path()).await);
    for dump in DUMPS {
        let dir = laid_down(dump);
        drop(open(dir.path()).await);
        assert_eq!(of(dir.path()), of(fresh.path()));
    }
}

#[tokio::test]
async fn keys_that_were_made_of_the_node_key_are_generation_0_and_all_others_are_random() {
    let dir = laid_down(DUMPS[5]);
    let (store, key) = open(dir.path()).await;
    let keys = store.data_keys().list().await.unwrap();
    let made = NodeKey::from_bytes(Zeroizing::new([9; 32]));
    let sealing = Label::ALL.iter().filter(|label| label.usage() != Use::Fixed);
    for label in sealing {
        let of: Vec<u32> = keys
            .iter()
            .filter(|one| one.label == label.name())
            .map(|one| one.generation.0)
            .collect();
        let [generation] = of.as_slice() else { panic!("{}: {of:?}", label.name()) };
        let is_made = *key.derive(*label) == *made.derive(*label);
        assert_eq!(is_made, *generation == 0, "{}", label.name());
    }
    assert_eq!(key.keys(Label::ACCOUNT_NAME).newest().generation().0, 0);
    assert_eq!(key.keys(Label::SECOND_FACTOR).newest().generation().0, 1);
}

#[test]
fn a_store_of_a_later_release_is_refused_by_its_schema() {
    let dir = laid_down(DUMPS[5]);
    let store = Connection::open(dir.path().join(FILE_NAME)).unwrap();
    store.execute("INSERT INTO schema_version VALUES (9999)", []).unwrap();
    drop(store);
    let refused = Store::open(dir.path(), &node_key()).err().unwrap();
    assert!(matches!(refused, StoreError::Newer { found: 9999, .. }), "{refused}");
}
