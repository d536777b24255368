//! A node's data folder, opened by one process at a time.

use crate::account::Accounts;
use crate::audit::heads::Carrier;
use crate::config::{Config, ConfigError};
use crate::init::is_data_folder;
use crate::node_key::{Label, NodeKey, NodeKeyError};
use crate::pinning::{KnownWeak, Pinning};
use crate::product::Shelf;
use crate::store::{self, Store, StoreError};
use crate::vault::Vault;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;
use thiserror::Error;

/// In which an operator agrees to an attack, by a token of `pintle attack token`.
pub const CONSENT_FILE: &str = "attack-consent";

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
    /// The list of weak keys that its configuration names cannot be read.
    #[error("the list of weak keys {}: {why}", path.display())]
    WeakKeys {
        /// The list.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Its store is gone; a new one in its place would know nobody.
    #[error("{} is missing or empty: restore it from a backup", .0.display())]
    NoStore(PathBuf),
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
    /// The firmware of its products.
    pub shelf: Shelf,
    known_weak: Arc<KnownWeak>,
    // Dropped after the store, whose last head it takes along; before the lock.
    _heads: Option<Carrier>,
    _lock: File,
}

impl FolderError {
    /// Whether the person who named the folder can mend it: its place, its settings, its permissions.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Store(error) => matches!(error, StoreError::OtherNodeKey),
            Self::NodeKey(error) => !matches!(error, NodeKeyError::Crypto),
            _ => true,
        }
    }
}

impl Folder {
    /// Opens and locks a data folder.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let io = |source| FolderError::Io { path: path.into(), source };
        match fs::read_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(io(error)),
            _ if !is_data_folder(path) => return Err(FolderError::NotOne(path.into())),
            _ => {}
        }
        let lock = lock(path)?;
        let config = Config::load(path)?;
        let node_key = NodeKey::load(&config.node.key_file)?;
        let file = path.join(store::FILE_NAME);
        if !fs::metadata(&file).is_ok_and(|file| file.len() > 0) {
            return Err(FolderError::NoStore(file));
        }
        let store = Store::open(path, &node_key)?;
        let known_weak = Arc::new(known_weak(&config)?);
        let heads = config.audit.heads.clone().map(|path| {
            let io = |source| FolderError::Io { path: path.clone(), source };
            store.carry_audit_heads(path.clone()).map_err(io)
        });
        let shelf = Shelf::new(store.clone(), &node_key, path)?;
        let node_key = Arc::new(node_key);
        Ok(Self {
            path: path.into(),
            config,
            node_key,
            store,
            shelf,
            known_weak,
            _heads: heads.transpose()?,
            _lock: lock,
        })
    }

    /// Opens a copy of a folder's store with the settings and the node key that the folder has. The copy may be written to;
    /// the folder is not locked, and nothing in it changes.
    ///
    /// # Errors
    /// [`FolderError`].
    pub(crate) fn open_copy(copy: &Path, of: &Path, config: Config) -> Result<Self, FolderError> {
        let lock = lock(copy)?;
        let node_key = NodeKey::load(&config.node.key_file)?;
        let store = Store::open(copy, &node_key)?;
        let known_weak = Arc::new(known_weak(&config)?);
        let shelf = Shelf::new(store.clone(), &node_key, copy)?;
        let (path, node_key) = (of.into(), Arc::new(node_key));
        Ok(Self { path, config, node_key, store, shelf, known_weak, _heads: None, _lock: lock })
    }

    /// What sets this folder on this machine apart from any copy of it: a restored backup or a clone is
    /// another incarnation, and does not take up the sessions that were saved (promise P3).
    ///
    /// # Errors
    /// [`FolderError::Io`] where the store's file cannot be looked at.
    pub fn incarnation(&self) -> Result<[u8; 32], FolderError> {
        let path = self.path.join(store::FILE_NAME);
        let file = path.metadata().map_err(|source| FolderError::Io { path, source })?;
        // A machine without an id, or a file without a birthday, is told apart by the rest alone.
        let mut what = fs::read("/etc/machine-id").unwrap_or_default();
        what.extend(file.dev().to_be_bytes());
        what.extend(file.ino().to_be_bytes());
        let born = file.created().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        what.extend(born.unwrap_or_default().as_nanos().to_be_bytes());
        Ok(self.node_key.tag(Label::INCARNATION, &what))
    }

    /// The way to a pin.
    pub fn pinning(&self) -> Pinning {
        Pinning::new(self.store.clone(), Arc::clone(&self.known_weak))
    }

    /// The keys that are known to be weak.
    pub(crate) fn known_weak(&self) -> Arc<KnownWeak> {
        Arc::clone(&self.known_weak)
    }

    /// Its keys, and everything that lies under them.
    pub fn vault(&self) -> Vault {
        Vault::new(self)
    }

    /// The people of this node.
    pub fn accounts(&self) -> Accounts {
        let accounts = Accounts::new(self.store.clone(), &self.node_key)
            .with_lifetimes(self.config.oauth.lifetimes());
        match self.config.accounts.hashing_threads {
            Some(threads) => accounts.with_hashing_threads(usize::from(threads.get())),
            None => accounts,
        }
    }
}

/// Read at every opening: a list that is named and missing would let in what it is there to keep out.
fn known_weak(config: &Config) -> Result<KnownWeak, FolderError> {
    let Some(path) = &config.security.weak_keys else { return Ok(KnownWeak::default()) };
    let text = fs::read(path).map_err(|error| error.to_string());
    let list = text.and_then(|text| KnownWeak::parse(&text));
    list.map_err(|why| FolderError::WeakKeys { path: path.clone(), why })
}

/// Takes the lock on a data folder, which ends with the file that is given back.
pub(crate) fn lock(folder: &Path) -> Result<File, FolderError> {
    let path = folder.join("lock");
    let io = |source| FolderError::Io { path: path.clone(), source };
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(FolderError::InUse(folder.into())),
        Err(TryLockError::Error(source)) => Err(io(source)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::init::{InitOptions, create};
    use zeroize::Zeroizing;

    fn data_folder(path: &Path) {
        let options = InitOptions {
            user: "ada".into(),
            password: Zeroizing::new("correct horse".into()),
            names: Vec::new(),
            contact: None,
            node_key: None,
            now_ms: 1_800_000_000_000,
        };
        create(path, &options).unwrap();
    }

    #[test]
    fn a_folder_named_by_a_relative_path_opens() {
        // Tests share the current folder, so the path goes up from there to a temporary one.
        let folder = tempfile::tempdir().unwrap();
        let up: PathBuf =
            std::env::current_dir().unwrap().components().skip(1).map(|_| "..").collect();
        let path = up.join(folder.path().strip_prefix("/").unwrap()).join("data");
        assert!(path.is_relative());
        data_folder(&path);
        Folder::open(&path).unwrap();
    }

    #[test]
    fn a_lost_store_is_not_replaced_by_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        data_folder(&path);
        std::fs::remove_file(path.join(store::FILE_NAME)).unwrap();
        assert!(matches!(Folder::open(&path), Err(FolderError::NoStore(_))));
        assert!(!path.join(store::FILE_NAME).exists());
    }
}
