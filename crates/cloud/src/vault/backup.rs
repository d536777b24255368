//! A backup of a data folder whose node may be running: without the node key, and without sessions.
//!
//! 1. Take the small files (configuration, certificates, the cloud's private keys, the marks of products), and seal them
//!    under a key made of the node key: `files.sealed`. The marks come first: a store that is ahead of them is taken.
//! 2. Copy the store as it is at one instant: `store.sqlite3`.
//! 3. Say what is here, under a keyed hash: `manifest.json`. Without it there is no backup.
//!
//! Whoever has a backup and no node key has a stolen store (promise P5). Journals are left out: sessions belong to one
//! incarnation of a node (promises P3 and P4), and what waits for a durable consumer waits in the journals alone.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use super::manifest::{Content, Manifest, content};
use crate::node_key::{Label, NodeKey, NodeKeyError};
use crate::private_file::{self, Readers};
use crate::store::{self, StoreError};
use crate::weakened::{self, Weakness};

/// What a backup says of itself.
pub(super) const MANIFEST: &str = "manifest.json";
/// The small files, sealed.
pub(super) const FILES: &str = "files.sealed";
/// What the sealed files are sealed for.
pub(super) const CONTEXT: &[u8] = b"files of a backup";

/// The most bytes of small files.
const MOST: u64 = 64 << 20;

/// Folders of a data folder whose files belong to a backup. Those of the journals do not.
const FOLDERS: &[&str] = &["", "keys", "audit", "acme"];

/// Files that do not belong to a backup: two belong to a running process, and a key that signs the audit log must not
/// outlive the day on which the node forgets it. (The store is copied apart.)
const LEFT_OUT: &[&str] = &["lock", "control.sock", crate::audit::KEY_FILE_NAME];

/// Why no backup was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is more in the folder than belongs there.
    #[error("the small files of {} have more than {} MiB: move out of it what is not the node's", .0.display(), MOST >> 20)]
    TooMuch(PathBuf),
    /// The store cannot be copied.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There are no random bytes.
    #[error(transparent)]
    Key(#[from] NodeKeyError),
}

/// What is in a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Bytes of the store.
    pub store_bytes: u64,
    /// Small files.
    pub files: usize,
}

/// A small file, as it lies in a backup.
#[derive(Serialize, Deserialize)]
pub(super) struct Small {
    /// Who may do what with it.
    pub(super) mode: u32,
    /// What it holds, in base64.
    pub(super) content: String,
}

impl Drop for Small {
    fn drop(&mut self) {
        self.content.zeroize();
    }
}

/// Makes a backup of the data folder `data` in the new folder `to`. Blocks while the store is copied. A failure leaves
/// nothing behind.
///
/// # Errors
/// [`BackupError`]
pub fn write(
    data: &Path,
    key_file: &Path,
    node_key: &NodeKey,
    to: &Path,
    at_ms: i64,
) -> Result<Made, BackupError> {
    private_file::create_folder(to).map_err(at(to))?;
    let made = fill(data, key_file, node_key, to, at_ms);
    if made.is_err() {
        drop(fs::remove_dir_all(to));
    }
    made
}

fn fill(
    data: &Path,
    key_file: &Path,
    node_key: &NodeKey,
    to: &Path,
    at_ms: i64,
) -> Result<Made, BackupError> {
    let small = gather(data, key_file)?;
    let plain = serde_json::to_vec(&small).map(Zeroizing::new);
    let plain = plain.map_err(|error| at(data)(error.into()))?;
    let key = node_key.derive(Label::BACKUP);
    let sealed = crate::node_key::seal_with(&key, CONTEXT, &plain)?;
    let path = to.join(FILES);
    private_file::create(&path, Readers::Owner, &sealed).map_err(at(&path))?;
    let files = content(&path).map_err(at(&path))?;

    if weakened::is(Weakness::KeyInBackup) {
        fs::copy(key_file, to.join("node.key")).map_err(at(key_file))?;
    }
    let path = to.join(store::FILE_NAME);
    store::snapshot(data, &path)?;
    let store = content(&path).map_err(at(&path))?;
    let made = Made { store_bytes: store.size, files: small.len() };
    declare(node_key, to, at_ms, store, files)?;
    Ok(made)
}

/// Writes the manifest, last of all.
fn declare(
    node_key: &NodeKey,
    to: &Path,
    at_ms: i64,
    store: Content,
    files: Content,
) -> Result<(), BackupError> {
    let path = to.join(MANIFEST);
    let manifest = Manifest::new(node_key, at_ms, store, files).write(node_key);
    manifest
        .and_then(|text| private_file::create(&path, Readers::Owner, &text))
        .and_then(|()| private_file::sync_folder(to))
        .map_err(at(&path))
}

/// The small files of a data folder, by the path they have in it.
fn gather(data: &Path, key_file: &Path) -> Result<BTreeMap<String, Small>, BackupError> {
    let node_key = fs::canonicalize(key_file).ok();
    let (mut found, mut bytes) = (BTreeMap::new(), 0);
    for folder in FOLDERS {
        let path = data.join(folder);
        let entries = match fs::read_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries.map_err(at(&path))?,
        };
        for entry in entries {
            let file = entry.map_err(at(&path))?.path();
            let meta = fs::metadata(&file).map_err(at(&file))?;
            let Some(name) = file.strip_prefix(data).ok().and_then(Path::to_str) else { continue };
            let is_key = node_key.is_some() && fs::canonicalize(&file).ok() == node_key;
            if !meta.is_file() || is_key || is_left_out(name) {
                continue;
            }
            bytes += meta.len();
            if bytes > MOST {
                return Err(BackupError::TooMuch(data.to_owned()));
            }
            let content = Zeroizing::new(fs::read(&file).map_err(at(&file))?);
            let mode = meta.permissions().mode() & 0o777;
            found.insert(name.to_owned(), Small { mode, content: STANDARD.encode(&*content) });
        }
    }
    Ok(found)
}

fn is_left_out(name: &str) -> bool {
    name.starts_with(store::FILE_NAME) || name.ends_with(".new") || LEFT_OUT.contains(&name)
}

pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.to_owned();
    move |source| BackupError::File { path, source }
}
