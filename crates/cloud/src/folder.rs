//! A node's data folder, opened by one process at a time.

use crate::account::Accounts;
use crate::config::{Config, ConfigError};
use crate::init::is_data_folder;
use crate::node_key::{NodeKey, NodeKeyError};
use crate::store::{Store, StoreError};
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;

/// Why a data folder cannot be opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FolderError {
    /// It is none.
    #[error("{} is not a data folder: make one with `pintle init --data {}`", .0.display(), .0.display())]
    NotOne(PathBuf),
    /// Another process has it open.
    #[error("another pintle process has {} open", .0.display())]
    InUse(PathBuf),
    /// It cannot be read.
    #[error("cannot open {}: {source}", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Its configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Its node key cannot be read.
    #[error(transparent)]
    NodeKey(#[from] NodeKeyError),
    /// Its store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An open data folder; the lock on it ends with this value.
pub struct Folder {
    /// Where it is.
    pub path: PathBuf,
    /// Its configuration.
    pub config: Config,
    /// Its node key.
    pub node_key: Arc<NodeKey>,
    /// Its store.
    pub store: Store,
    _lock: File,
}

impl Folder {
    /// Opens and locks a data folder.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        if !is_data_folder(path) {
            return Err(FolderError::NotOne(path.into()));
        }
        let lock = lock(path)?;
        let config = Config::load(path)?;
        let node_key = NodeKey::load(&path.join(&config.node.key_file))?;
        let store = Store::open(path, &node_key)?;
        Ok(Self { path: path.into(), config, node_key: Arc::new(node_key), store, _lock: lock })
    }

    /// The people of this node.
    pub fn accounts(&self) -> Accounts {
        Accounts::new(self.store.clone(), &self.node_key)
    }
}

fn lock(folder: &Path) -> Result<File, FolderError> {
    let path = folder.join("lock");
    let io = |source| FolderError::Io { path: path.clone(), source };
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(FolderError::InUse(folder.into())),
        Err(TryLockError::Error(source)) => Err(io(source)),
    }
}
