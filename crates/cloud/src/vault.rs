//! What keeps keys and data from being lost or stolen: new data keys for old ([`Vault::rotate`]), copies of the node key
//! ([`key_copy`]), and backups of a running node ([`backup`], [`restore`]).
//!
//! It opens nothing by itself: what lies in the store is opened by those whose it is.

pub mod backup;
pub mod key_copy;
mod manifest;
pub mod restore;
mod rotation;

pub use rotation::{Rotated, RotationError};

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::audit::{Act, Who};
use crate::folder::Folder;
use crate::node_key::{NodeKey, NodeKeyError, random};
use crate::product::Shelf;
use crate::store::data_key::DataKeyRow;
use crate::store::milestone::{Milestone, reached};
use crate::store::{Store, StoreError, Transaction};
use backup::{BackupError, Made};

/// How a backup is called that still lies in the data folder.
const OUTGOING: &str = "outgoing-";

/// The keys of a node, and everything that lies under them. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    store: Store,
    node_key: Arc<NodeKey>,
    shelf: Shelf,
    data: PathBuf,
    key_file: PathBuf,
    /// Held while a backup is made, or keys are replaced: one at a time.
    busy: Arc<Mutex<()>>,
}

impl Vault {
    /// The vault of a data folder.
    #[must_use]
    pub fn new(folder: &Folder) -> Self {
        Self {
            store: folder.store.clone(),
            node_key: Arc::clone(&folder.node_key),
            shelf: folder.shelf.clone(),
            data: folder.path.clone(),
            key_file: folder.config.node.key_file.clone(),
            busy: Arc::default(),
        }
    }

    /// The data keys, by label, oldest first; no secret among them.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn keys(&self) -> Result<Vec<DataKeyRow>, StoreError> {
        self.store.data_keys().list().await
    }

    /// Writes down that a copy of the node key was made.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn note_copy(&self, how: &str, at_ms: i64) -> Result<(), StoreError> {
        let act = Act::new("node-key.copied", Who::Operator, at_ms).on("copy", how);
        self.note(act, Milestone::KeyCopied, at_ms).await
    }

    /// Writes down that a backup of this node was restored elsewhere, to see whether it can be.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn note_restore(&self, at_ms: i64) -> Result<(), StoreError> {
        let act = Act::new("node.restore-tried", Who::Operator, at_ms);
        self.note(act, Milestone::Restored, at_ms).await
    }

    async fn note(&self, act: Act, milestone: Milestone, at_ms: i64) -> Result<(), StoreError> {
        let done = Transaction::from(reached(milestone, at_ms)).noting(act);
        self.store.enqueue(done)?;
        self.store.flush().await
    }

    /// Makes a backup in a new folder inside the data folder, where the node may write; whoever asked takes it away.
    /// What an earlier one left there is removed.
    ///
    /// # Errors
    /// [`BackupError`]
    pub async fn back_up(&self, at_ms: i64) -> Result<(PathBuf, Made), BackupError> {
        let _one = self.busy.lock().await;
        let mut mark = [0; 8];
        random(&mut mark)?;
        let to = self.data.join(format!("{OUTGOING}{:016x}", u64::from_be_bytes(mark)));
        let (vault, folder) = (self.clone(), to.clone());
        let made = tokio::task::spawn_blocking(move || {
            vault.remove_outgoing();
            backup::write(&vault.data, &vault.key_file, &vault.node_key, &folder, at_ms)
        });
        let made = made.await.map_err(|_| NodeKeyError::Crypto)??;
        let act = Act::new("node.backed-up", Who::Operator, at_ms);
        self.note(act, Milestone::BackedUp, at_ms).await?;
        Ok((to, made))
    }

    fn remove_outgoing(&self) {
        let Ok(entries) = fs::read_dir(&self.data) else { return };
        let old = entries.flatten().filter(|entry| {
            entry.file_name().to_str().is_some_and(|name| name.starts_with(OUTGOING))
        });
        for entry in old {
            if let Err(error) = fs::remove_dir_all(entry.path()) {
                tracing::warn!(path = %entry.path().display(), %error, "an old backup stays in the data folder");
            }
        }
    }
}
