//! Backups of a data folder, and data folders of backups.

use super::keys::{PRODUCT, VERSION, close, furnished, module, opened};
use pintle_cloud::node_key::NodeKey;
use pintle_cloud::store::FILE_NAME;
use pintle_cloud::vault::backup;
use pintle_cloud::vault::restore::{RestoreError, restore};
use rusqlite::Connection;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use zeroize::Zeroizing;

struct Place {
    folder: TempDir,
    data: PathBuf,
    backup: PathBuf,
}

/// A data folder that is in use, and a backup of it.
async fn backed_up() -> Place {
    let (folder, data) = furnished().await;
    fs::create_dir(data.join("journal")).unwrap();
    fs::write(data.join("journal/00.log"), "sessions").unwrap();
    let open = opened(&data).await;
    let (backup, made) = open.vault().back_up(7).await.unwrap();
    let stops = open.store.clean_stops();
    let stop = pintle_cloud::store::clean_stop::CleanStop { partition: 0, frame: 9 };
    stops.put_all(&[stop]).await.unwrap();
    assert!(made.files > 5 && made.store_bytes > 0);
    close(open).await;
    Place { folder, data, backup }
}

async fn restored(place: &Place, name: &str) -> Result<PathBuf, RestoreError> {
    let to = place.folder.path().join(name);
    let (from, data) = (place.backup.clone(), to.clone());
    let key = NodeKey::load(&place.folder.path().join("node.key")).unwrap();
    let done = tokio::task::spawn_blocking(move || restore(&from, &data, &key, 8));
    done.await.unwrap().map(|_| to)
}

fn contains(path: &Path, needle: &[u8]) -> bool {
    fs::read(path).unwrap().windows(needle.len()).any(|window| window == needle)
}

#[tokio::test]
async fn a_backup_comes_back_as_it_was_and_is_another_incarnation() {
    let place = backed_up().await;
    let data = restored(&place, "again").await.unwrap();
    for name in ["keys/udp.der", "keys/ca.key", "ca.pem", "config.toml", "products.mark"] {
        assert_eq!(fs::read(data.join(name)).unwrap(), fs::read(place.data.join(name)).unwrap());
    }
    assert!(!data.join("journal").exists(), "sessions are no part of a backup");
    let (before, after) = (opened(&place.data).await, opened(&data).await);
    assert_ne!(before.incarnation().unwrap(), after.incarnation().unwrap());
    assert_eq!(after.store.clean_stops().take_all().await.unwrap(), []);
    assert_eq!(after.shelf.image(PRODUCT, VERSION).await.unwrap().file.as_ref(), module());
    let password = Zeroizing::new("correct horse".to_owned());
    assert!(after.accounts().check("ada", password).await.unwrap().is_some());
    close(before).await;
    close(after).await;
}

#[tokio::test]
async fn p5_a_backup_holds_neither_the_node_key_nor_a_private_key_in_clear() {
    let place = backed_up().await;
    let node_key = fs::read(place.folder.path().join("node.key")).unwrap();
    let udp = fs::read(place.data.join("keys/udp.der")).unwrap();
    let ca = fs::read(place.data.join("keys/ca.key")).unwrap();
    let files: Vec<_> =
        fs::read_dir(&place.backup).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 3);
    for path in files {
        for secret in [&node_key[..], &udp[7..39], &ca[40..72]] {
            assert!(!contains(&path, secret), "{}", path.display());
        }
    }
}

#[tokio::test]
async fn a_backup_that_was_changed_or_is_of_another_node_is_refused_and_leaves_nothing() {
    let place = backed_up().await;
    let target = place.folder.path().join("never");
    let (from, to) = (place.backup.clone(), target.clone());
    let other = NodeKey::generate().unwrap();
    let refused = tokio::task::spawn_blocking(move || restore(&from, &to, &other, 8));
    assert!(matches!(refused.await.unwrap(), Err(RestoreError::OtherKey(_))));

    // Another account, say, by whoever keeps the backups.
    let store = Connection::open(place.backup.join(FILE_NAME)).unwrap();
    store.execute_batch("PRAGMA journal_mode = DELETE; UPDATE account SET created_at = 1").unwrap();
    drop(store);
    assert!(matches!(restored(&place, "never").await, Err(RestoreError::Changed(_))));

    let manifest = place.backup.join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("\"size\"", "\"Size\"")).unwrap();
    assert!(matches!(restored(&place, "never").await, Err(RestoreError::NotOne(_))));
    assert!(!target.exists());
    assert!(restored(&place, "data").await.is_err(), "a data folder is never replaced");
    let left = fs::read_dir(place.folder.path()).unwrap().flatten();
    assert!(left.into_iter().all(|entry| !entry.file_name().to_string_lossy().starts_with('.')));
}

#[tokio::test]
async fn a_backup_that_fails_leaves_nothing() {
    let (folder, data) = furnished().await;
    let key_file = folder.path().join("node.key");
    let key = NodeKey::load(&key_file).unwrap();
    fs::rename(data.join(FILE_NAME), data.join("elsewhere")).unwrap();
    let to = folder.path().join("backup");
    assert!(backup::write(&data, &key_file, &key, &to, 7).is_err());
    assert!(!to.exists());
}
