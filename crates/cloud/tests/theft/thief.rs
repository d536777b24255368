//! Everything that somebody tries who has the files and not the node key.

use super::busy::{Busy, PRODUCT, VERSION, blocking, made, on_loopback};
use super::log;
use super::planted::{DEVICE_NAME, EMAIL, FIRMWARE, PASSWORD, PAYLOAD, contains, found, is_in};
use super::web::Web;
use pintle_cloud::folder::Folder;
use pintle_cloud::init::InitSummary;
use pintle_cloud::node_key::{Label, NodeKey};
use pintle_cloud::serve::Node;
use pintle_cloud::store::FILE_NAME;
use rusqlite::Connection;
use rusqlite::types::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use zeroize::Zeroizing;

/// What is found by somebody who steals the store, the journals, the log and a backup of a busy node.
/// He runs a node of his own on it only where that is what it takes.
pub async fn rob_a_busy_node(runs_it: bool) -> Vec<String> {
    log::start();
    let busy = Busy::start().await;
    let loot = busy.beside("loot");
    let (data, to) = (busy.data.clone(), loot.clone());
    blocking(move || copy(&data, &to, &["keys"])).await;
    let (backup, to) = (busy.backup.clone(), loot.join("backup"));
    blocking(move || copy(&backup, &to, &[])).await;

    let mut all = search(&busy, &loot);
    all.extend(replay(&busy, &loot).await);
    for keep_keys in [true, false].into_iter().filter(|_| runs_it) {
        all.extend(run(&busy, &loot, keep_keys).await);
    }
    busy.node.stop().await;
    all.extend(found("the log", &log::take()));
    all.sort();
    all.dedup();
    all
}

/// Looks through every byte of every file.
fn search(busy: &Busy, loot: &Path) -> Vec<String> {
    let mut secrets: Vec<(&str, Vec<u8>)> = busy.private_keys.to_vec();
    secrets.push(("token", busy.token.clone().into_bytes()));
    let session_keys = busy.device.session_keys();
    let (mut all, mut proof) = (Vec::new(), false);
    for path in files(loot) {
        let bytes = fs::read(&path).unwrap();
        let place = path.strip_prefix(loot).unwrap().display().to_string();
        proof |= is_in(DEVICE_NAME.as_bytes(), &bytes);
        all.extend(found(&place, &bytes));
        let here = secrets.iter().filter(|(_, secret)| is_in(secret, &bytes));
        all.extend(here.map(|(what, _)| format!("{what} in {place}")));
        if session_keys.iter().any(|key| contains(&bytes, key)) {
            all.push(format!("session key in {place}"));
        }
    }
    assert!(proof, "what may be found is not found: the search is no good");
    all
}

/// Tries everything of the right length in the store: as a token, on the node that still runs; and, with the files of
/// that length, as the node key.
async fn replay(busy: &Busy, loot: &Path) -> Vec<String> {
    let blobs = blobs(&loot.join(FILE_NAME));
    let mark = blobs.iter().find(|(place, _)| place == "node.value").unwrap().1.clone();
    let mut all = Vec::new();
    let of_files =
        files(loot).into_iter().map(|path| (path.display().to_string(), fs::read(path).unwrap()));
    for (place, bytes) in blobs.iter().cloned().chain(of_files) {
        let Ok(bytes) = <[u8; 32]>::try_from(bytes) else { continue };
        let key = NodeKey::from_bytes(Zeroizing::new(bytes));
        if key.tag(Label::STORE_CHECK, b"this store").as_slice() == mark {
            all.push(format!("node key in {place}"));
        }
    }
    for (place, bytes) in
        blobs.iter().filter(|(place, bytes)| place.contains("token") && bytes.len() == 32)
    {
        let token: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        if busy.web.get("/v1/devices", &token).await.status == 200 {
            all.push(format!("token in {place}"));
        }
    }
    all
}

/// Runs the software on the loot with a node key of his own, and changes in it what he likes: whose it says it is, and
/// with or without the data keys that are in it.
async fn run(busy: &Busy, loot: &Path, keep_keys: bool) -> Vec<String> {
    let folder = busy.beside(if keep_keys { "run-with-keys" } else { "run-without-keys" });
    let (path, from) = (folder.clone(), loot.to_owned());
    let summary = blocking(move || make_it_his(&path, &from, keep_keys)).await;
    let Ok(node) = Node::start(&folder, &on_loopback()).await else { return Vec::new() };
    let mut all = Vec::new();
    let web = Web::of(node.addresses().api, &summary);
    if web.log_in(EMAIL, PASSWORD).await.is_some() {
        all.push(format!("logged in on the copy (data keys kept: {keep_keys})"));
    }
    if web.get("/v1/devices", &busy.token).await.status == 200 {
        all.push("a stolen token is good on the copy".to_owned());
    }
    for row in node.outbox().wait(8, Duration::ZERO).await {
        if is_in(PAYLOAD.as_bytes(), &row.event.data) {
            all.push("event payload in the outbox of the copy".to_owned());
        }
    }
    node.stop().await;
    let opened = blocking(move || Folder::open(&folder).unwrap()).await;
    if let Ok(image) = opened.shelf.image(PRODUCT, VERSION).await
        && is_in(FIRMWARE.as_bytes(), &image.file)
    {
        all.push("firmware from the shelf of the copy".to_owned());
    }
    blocking(move || drop(opened)).await;
    all
}

fn make_it_his(folder: &Path, loot: &Path, keep_keys: bool) -> InitSummary {
    let summary = made(folder, "thief", "a password of the thief's", &folder.with_extension("key"));
    let his_mark = blobs(&folder.join(FILE_NAME));
    let his_mark = his_mark.into_iter().find(|(place, _)| place == "node.value").unwrap().1;
    for path in files(folder).into_iter().filter(|path| path.to_string_lossy().contains(FILE_NAME))
    {
        fs::remove_file(path).unwrap();
    }
    for path in files(loot) {
        let name = path.strip_prefix(loot).unwrap();
        let is_state = name.starts_with("journal") || name.to_string_lossy().starts_with(FILE_NAME);
        if is_state || name.to_string_lossy().ends_with(".mark") {
            let to = folder.join(name);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(&path, to).unwrap();
        }
    }
    let store = Connection::open(folder.join(FILE_NAME)).unwrap();
    if keep_keys {
        store.execute("UPDATE node SET value = ?1 WHERE name = 'key check'", [&his_mark]).unwrap();
        store.execute("UPDATE data_key SET wrapped_by = ?1", [&his_mark[..8]]).unwrap();
    } else {
        store
            .execute_batch("DELETE FROM node WHERE name = 'key check'; DELETE FROM data_key")
            .unwrap();
    }
    summary
}

/// Every blob in a store, with its table and column.
fn blobs(path: &Path) -> Vec<(String, Vec<u8>)> {
    let store = Connection::open(path).unwrap();
    let sql = "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'";
    let mut columns = store.prepare(sql).unwrap();
    let columns = columns.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let columns: Vec<(String, String)> = columns.map(Result::unwrap).collect();
    let mut all = Vec::new();
    for (table, column) in columns {
        let mut rows = store.prepare(&format!("SELECT \"{column}\" FROM \"{table}\"")).unwrap();
        let rows = rows.query_map([], |row| row.get::<_, Value>(0)).unwrap();
        let blobs = rows.filter_map(|value| match value.unwrap() {
            Value::Blob(bytes) => Some((format!("{table}.{column}"), bytes)),
            _ => None,
        });
        all.extend(blobs);
    }
    all
}

/// Every file in a folder and in those below.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .filter(|path| path.is_file())
        .collect()
}

/// Copies bytes as they lie there, while the node goes on.
fn copy(from: &Path, to: &Path, without: &[&str]) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !without.contains(&name) {
            copy(&path, &to.join(name), without);
        } else if path.is_file() {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}
