//! Data keys: new ones for old, and what lies under them.

use std::path::{Path, PathBuf};

use pintle_cloud::folder::Folder;
use pintle_cloud::init::{InitOptions, create};
use pintle_cloud::node_key::{Label, NodeKey, Use};
use pintle_cloud::product::{NewProduct, ProductId, Upload};
use pintle_cloud::store::{FILE_NAME, Store, StoreError};
use pintle_firmware::module::{Builder, Function, Platform, Product};
use rusqlite::Connection;
use tempfile::TempDir;
use zeroize::Zeroizing;

pub const PRODUCT: ProductId = ProductId(12_345);
pub const VERSION: u16 = 3;

/// A data folder with firmware in it, closed.
pub async fn furnished() -> (TempDir, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let (data, key) = (place.path().join("data"), place.path().join("node.key"));
    let options = InitOptions {
        user: "ada".into(),
        password: Zeroizing::new("correct horse".into()),
        names: Vec::new(),
        contact: None,
        node_key: Some(key),
        now_ms: 1_800_000_000_000,
    };
    let made = data.clone();
    tokio::task::spawn_blocking(move || create(&made, &options).unwrap()).await.unwrap();
    let folder = opened(&data).await;
    stock(&folder).await;
    close(folder).await;
    (place, data)
}

pub async fn opened(data: &Path) -> Folder {
    let data = data.to_owned();
    tokio::task::spawn_blocking(move || Folder::open(&data).unwrap()).await.unwrap()
}

pub async fn close(folder: Folder) {
    tokio::task::spawn_blocking(move || drop(folder)).await.unwrap();
}

pub fn module() -> Vec<u8> {
    let mut builder = Builder::new(Platform(13), Function::USER_PART, 0x000d_4000, &[7; 4_096]);
    builder.product = Some(Product { id: PRODUCT.0, version: VERSION });
    builder.build()
}

pub async fn stock(folder: &Folder) {
    let owner = folder.accounts().find("ada").await.unwrap().unwrap();
    let new = NewProduct {
        id: Some(PRODUCT.0),
        name: "thermometers".into(),
        slug: None,
        description: String::new(),
        platform_id: 13,
        owner,
        quarantine: false,
        organization: None,
    };
    folder.shelf.create(new).await.unwrap();
    let upload = Upload {
        version: None,
        title: String::new(),
        description: String::new(),
        mandatory: false,
        file_name: "firmware.bin".into(),
        file: module().into(),
        statement: None,
        by: owner,
    };
    folder.shelf.upload(PRODUCT, upload).await.unwrap();
}

/// What is sealed in the store, byte for byte.
fn sealed(data: &Path) -> Vec<Vec<u8>> {
    let store = Connection::open(data.join(FILE_NAME)).unwrap();
    let sql = "SELECT standing FROM product UNION ALL SELECT sealed FROM firmware_piece";
    let mut rows = store.prepare(sql).unwrap();
    let rows = rows.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

async fn can_be_used(folder: &Folder) {
    let image = folder.shelf.image(PRODUCT, VERSION).await.unwrap();
    assert_eq!(image.file.as_ref(), module());
    let password = Zeroizing::new("correct horse".to_owned());
    assert!(folder.accounts().check("ada", password).await.unwrap().is_some(), "ada logs in");
}

#[tokio::test]
async fn p5_a_rotation_seals_everything_anew_and_destroys_the_older_keys() {
    let (_place, data) = furnished().await;
    let folder = opened(&data).await;
    let before = sealed(&data);
    let done = folder.vault().rotate(Some("a disk was lost".into()), 5).await.unwrap();
    assert_eq!(done.resealed, before.len());
    can_be_used(&folder).await;

    let after = sealed(&data);
    assert!(!before.is_empty() && before.iter().all(|old| !after.contains(old)));
    let keys = folder.store.data_keys().list().await.unwrap();
    let generations = |label: Label| -> Vec<u32> {
        let of = keys.iter().filter(|key| key.label == label.name());
        of.map(|key| key.generation.0).collect()
    };
    for label in Label::ALL {
        let expected: &[u32] = match (label.usage(), *label) {
            (Use::Fixed, _) => &[],
            (Use::Stays, _) => &[1],
            // Journals are not looked through, and names move one by one.
            (Use::Moves, _) | (_, Label::SESSION | Label::OUTBOX) => &[1, 2],
            (Use::Seals, _) => &[2],
        };
        assert_eq!(generations(*label), expected, "{}", label.name());
    }
    // The one who has logged in since was the last one under the older name key and pepper.
    let again = folder.vault().finish(6).await.unwrap();
    assert_eq!((again.resealed, again.destroyed, again.kept), (0, 2, 2));
    can_be_used(&folder).await;
    close(folder).await;
    let folder = opened(&data).await;
    can_be_used(&folder).await;
    close(folder).await;
}

/// As a kill leaves it that comes right after the new keys were kept: two keys, and everything under the first.
#[tokio::test]
async fn a_rotation_that_was_cut_off_is_finished_later() {
    let (_place, data) = furnished().await;
    let folder = opened(&data).await;
    let store = Connection::open(data.join(FILE_NAME)).unwrap();
    let before = sealed(&data);
    // Nothing can be sealed anew while this is in the way.
    let in_the_way = "CREATE TRIGGER in_the_way BEFORE UPDATE ON firmware_piece BEGIN SELECT RAISE(ABORT, 'no'); END;
        CREATE TRIGGER there_too BEFORE UPDATE ON product BEGIN SELECT RAISE(ABORT, 'no'); END;";
    store.execute_batch(in_the_way).unwrap();
    folder.vault().rotate(None, 5).await.unwrap_err();
    close(folder).await;
    assert_eq!(sealed(&data), before);
    store.execute_batch("DROP TRIGGER in_the_way; DROP TRIGGER there_too").unwrap();
    let folder = opened(&data).await;
    can_be_used(&folder).await;
    let done = folder.vault().finish(6).await.unwrap();
    assert_eq!(done.resealed, before.len());
    assert!(done.destroyed > 0);
    can_be_used(&folder).await;
    close(folder).await;
}

#[tokio::test]
async fn names_and_passwords_move_to_the_newest_key_at_the_next_login_and_are_taken_until_then() {
    let (_place, data) = furnished().await;
    let folder = opened(&data).await;
    let accounts = folder.accounts();
    let marks = || -> (Vec<u8>, i64, i64) {
        let store = Connection::open(data.join(FILE_NAME)).unwrap();
        let sql = "SELECT name_hash, name_key, pepper FROM account";
        store.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap()
    };
    let before = marks();
    folder.vault().rotate(None, 5).await.unwrap();
    let again = accounts.create("Ada", Zeroizing::new("another".to_owned()), None, 6).await;
    assert!(again.is_err(), "the name is hers under the older key");
    let wrong = accounts.check("ada", Zeroizing::new("correct horsf".to_owned())).await.unwrap();
    assert!(wrong.is_none() && marks() == before);
    can_be_used(&folder).await;
    let after = marks();
    assert_eq!((before.1, before.2, after.1, after.2), (1, 1, 2, 2));
    assert_ne!(before.0, after.0);
    can_be_used(&folder).await;
    close(folder).await;
}

#[tokio::test]
async fn what_another_node_sealed_stops_a_rotation_before_a_key_is_destroyed() {
    let (_place, data) = furnished().await;
    let folder = opened(&data).await;
    let store = Connection::open(data.join(FILE_NAME)).unwrap();
    let stranger = NodeKey::generate().unwrap();
    let foreign = stranger.seal(Label::FIRMWARE, b"", b"not of this node").unwrap();
    store.execute("UPDATE firmware_piece SET sealed = ?1", [&foreign]).unwrap();
    let error = folder.vault().rotate(None, 5).await.unwrap_err().to_string();
    assert!(error.contains("firmware_piece.sealed") && error.contains("kept"), "{error}");
    let keys = folder.store.data_keys().list().await.unwrap();
    let of_firmware = keys.iter().filter(|key| key.label == Label::FIRMWARE.name());
    assert_eq!(of_firmware.count(), 2);
    close(folder).await;
}

#[test]
fn data_keys_that_were_exchanged_do_not_open() {
    let dir = tempfile::tempdir().unwrap();
    drop(super::open(dir.path()));
    let store = Connection::open(dir.path().join(FILE_NAME)).unwrap();
    let swap = "UPDATE data_key SET wrapped = (SELECT wrapped FROM data_key WHERE label = 'outbox') WHERE label = 'firmware'";
    assert_eq!(store.execute(swap, []).unwrap(), 1);
    drop(store);
    let error = Store::open(dir.path(), &super::node_key()).err().unwrap();
    assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
}

#[test]
fn two_stores_under_one_node_key_have_different_data_keys() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let keys = [super::node_key(), super::node_key()];
    let _stores = [Store::open(one.path(), &keys[0]), Store::open(two.path(), &keys[1])];
    assert_ne!(*keys[0].derive(Label::FIRMWARE), *keys[1].derive(Label::FIRMWARE));
    assert_eq!(*keys[0].derive(Label::INCARNATION), *keys[1].derive(Label::INCARNATION));
}
