//! A data folder from a backup and the node key it belongs to.
//!
//! 1. Refuse a place with anything in it, and a backup that this node key did not make or that was changed since.
//! 2. Build the folder beside its place, as `init` does: small files, store, and the node key where the configuration
//!    says that it lies in the folder.
//! 3. Bring the store to the schema of this release, and write down that it was restored.
//! 4. Move it to its place in one step.
//!
//! What comes out is another incarnation of the node: there are no journals, so no session, and devices shake hands.

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::backup::{CONTEXT, FILES, MANIFEST, Small};
use super::manifest::{Content, Manifest, Refused, content};
use crate::audit::{Act, Who};
use crate::config::{Config, ConfigError};
use crate::init::{InitError, Place, refuse_taken};
use crate::node_key::{Label, NodeKey, NodeKeyError, open_with};
use crate::private_file::{self, Readers};
use crate::store::milestone::{Milestone, reached};
use crate::store::{self, Store, StoreError, Transaction};

/// The longest manifest, in bytes.
const LONGEST: u64 = 64 << 10;

/// Why a backup was not restored. Nothing was made then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// The place will not do, or the system refused.
    #[error(transparent)]
    Place(#[from] InitError),
    /// It is no backup.
    #[error("{} is no backup: it has no {MANIFEST} that this release understands", .0.display())]
    NotOne(PathBuf),
    /// It was made by a later release.
    #[error("the backup {} was made by a later release of pintle: restore it with that one", .0.display())]
    Later(PathBuf),
    /// It belongs to another node key.
    #[error("the backup {} belongs to another node key: give the key that its node had then", .0.display())]
    OtherKey(PathBuf),
    /// A file of it is not what it was.
    #[error("{} was changed since the backup was made, or is cut off: take another copy of it", .0.display())]
    Changed(PathBuf),
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The node key cannot be read or written.
    #[error(transparent)]
    Key(#[from] NodeKeyError),
    /// Its configuration is of another release.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Its store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl RestoreError {
    /// Whether the person who asked can mend it.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Place(error) => error.is_usage(),
            Self::Store(error) => matches!(error, StoreError::Newer { .. }),
            Self::Key(error) => !matches!(error, NodeKeyError::Crypto),
            _ => true,
        }
    }
}

/// What was restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// When the backup was made, in milliseconds since 1970.
    pub made_at_ms: i64,
    /// Where the configuration says that the node key lies, if it does not lie there.
    pub key_missing: Option<PathBuf>,
}

/// Makes the data folder `data` of the backup in `from`. Blocks while the store is copied and looked through.
///
/// # Errors
/// [`RestoreError`]
pub fn restore(
    from: &Path,
    data: &Path,
    node_key: &NodeKey,
    at_ms: i64,
) -> Result<Restored, RestoreError> {
    refuse_taken(data)?;
    let manifest = manifest(from, node_key)?;
    unchanged(&from.join(FILES), &manifest.files)?;
    unchanged(&from.join(store::FILE_NAME), &manifest.store)?;
    let place = Place::of(data)?;
    let made = build(from, &place.building, node_key, at_ms);
    let made = made.and_then(|missing| Ok(place.take().map(|()| missing)?));
    if made.is_err() {
        drop(fs::remove_dir_all(&place.building));
    }
    Ok(Restored { made_at_ms: manifest.made_at_ms, key_missing: made? })
}

fn manifest(from: &Path, node_key: &NodeKey) -> Result<Manifest, RestoreError> {
    let path = from.join(MANIFEST);
    let not_one = || RestoreError::NotOne(from.to_owned());
    let length = fs::metadata(&path).map_err(|_| not_one())?.len();
    if length > LONGEST {
        return Err(not_one());
    }
    let text = fs::read(&path).map_err(at(&path))?;
    Manifest::read(&text, node_key).map_err(|refused| match refused {
        Refused::NotOne => not_one(),
        Refused::Later => RestoreError::Later(from.to_owned()),
        Refused::OtherKey => RestoreError::OtherKey(from.to_owned()),
        Refused::Changed => RestoreError::Changed(path),
    })
}

fn unchanged(path: &Path, said: &Content) -> Result<(), RestoreError> {
    match content(path).map_err(at(path))? == *said {
        true => Ok(()),
        false => Err(RestoreError::Changed(path.to_owned())),
    }
}

/// Where the node key is missing, if it is.
fn build(
    from: &Path,
    folder: &Path,
    node_key: &NodeKey,
    at_ms: i64,
) -> Result<Option<PathBuf>, RestoreError> {
    small_files(from, folder, node_key)?;
    let path = folder.join(store::FILE_NAME);
    fs::copy(from.join(store::FILE_NAME), &path).map_err(at(&path))?;
    fs::set_permissions(&path, Permissions::from_mode(0o600)).map_err(at(&path))?;
    File::open(&path).and_then(|file| file.sync_all()).map_err(at(&path))?;
    store::check(&path)?;
    let store = Store::open(folder, node_key)?;
    let act = Act::new("node.restored", Who::Operator, at_ms);
    store.enqueue(Transaction::from(reached(Milestone::Restored, at_ms)).noting(act))?;
    store.flush().wait()?;
    drop(store);

    let key_file = Config::load(folder)?.node.key_file;
    let missing = if key_file.starts_with(folder) {
        node_key.save(&key_file)?;
        None
    } else {
        Some(key_file).filter(|path| !path.exists())
    };
    for path in [folder.join("keys"), folder.to_owned()] {
        private_file::sync_folder(&path).map_err(at(&path))?;
    }
    Ok(missing)
}

fn small_files(from: &Path, folder: &Path, node_key: &NodeKey) -> Result<(), RestoreError> {
    let path = from.join(FILES);
    let changed = || RestoreError::Changed(path.clone());
    let sealed = fs::read(&path).map_err(at(&path))?;
    let key = node_key.derive(Label::BACKUP);
    let plain = open_with(&key, CONTEXT, &sealed).map_err(|_| changed())?;
    let files: BTreeMap<String, Small> = serde_json::from_slice(&plain).map_err(|_| changed())?;
    let keys = folder.join("keys");
    private_file::create_folder(&keys).map_err(at(&keys))?;
    for (name, file) in &files {
        let path = folder.join(inside(name).ok_or_else(changed)?);
        let content = STANDARD.decode(&file.content).map(Zeroizing::new).map_err(|_| changed())?;
        let readers = if file.mode & 0o004 == 0 { Readers::Owner } else { Readers::Everyone };
        if let Some(parent) = path.parent().filter(|parent| !parent.exists()) {
            private_file::create_folder(parent).map_err(at(parent))?;
        }
        private_file::create(&path, readers, &content).map_err(at(&path))?;
    }
    Ok(())
}

/// A path that stays in the folder it is in.
fn inside(name: &str) -> Option<&Path> {
    let path = Path::new(name);
    let is_plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    (is_plain && !name.is_empty()).then_some(path)
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> RestoreError {
    let path = path.to_owned();
    move |source| RestoreError::File { path, source }
}
