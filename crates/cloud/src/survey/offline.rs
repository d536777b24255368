//! A survey of a node: of the one that runs, by its control socket; of one at rest, from a copy of its store.
//!
//! Opening a data folder writes to it: the store is brought to the newest schema, its log is folded in, the audit log begins
//! a key. So nothing is opened here but a copy of the store and of what counts its products up, in a folder of its own that
//! is removed. What is copied is what a thief of the store would have (promise P5); no key file is.

use super::{Survey, Surveyor};
use crate::config::{Config, ConfigError};
use crate::control::{ControlError, Request, Response, ask_if_running};
use crate::folder::{Folder, FolderError};
use crate::node_key::{NodeKeyError, random};
use crate::private_file::create_folder;
use crate::store::{FILE_NAME, StoreError};
use serde_json::Value;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error;

/// How long a running node may take: it may have files of firmware to hash, and keys to look at.
const WITHIN: Duration = Duration::from_secs(120);

/// What a survey needs beside the store: the marks of products; and the store's log, where a node was killed.
const BESIDE: [&str; 2] = ["products.mark", "store.sqlite3-wal"];

/// Why there is no survey.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SurveyError {
    /// The running node does not answer.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The running node refuses.
    #[error("the running node gives no survey: {0}")]
    Refused(String),
    /// The folder of a node at rest cannot be read.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Its configuration cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Its node key cannot be read.
    #[error(transparent)]
    NodeKey(#[from] NodeKeyError),
    /// Its store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A copy cannot be made.
    #[error("{}: {source}", path.display())]
    Copy {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// The survey of the node on this data folder. Blocks. Changes nothing in the folder.
///
/// # Errors
/// [`SurveyError`].
pub fn read(data: &Path) -> Result<Value, SurveyError> {
    match ask_if_running(data, &Request::Survey, WITHIN)? {
        Some(Response::Survey { survey }) => Ok(survey),
        Some(Response::Refused { why }) => Err(SurveyError::Refused(why)),
        Some(_) => Err(ControlError::Version.into()),
        None => at_rest(data),
    }
}

fn at_rest(data: &Path) -> Result<Value, SurveyError> {
    let config = Config::load(data)?;
    let copy = Copy::of(data)?;
    let folder = Folder::open_copy(&copy.0, data, config)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.map_err(|source| SurveyError::Copy { path: copy.0.clone(), source })?;
    let survey: Survey = runtime.block_on(Surveyor::new(&folder).take())?;
    drop(folder);
    serde_json::to_value(&survey)
        .map_err(|error| SurveyError::Refused(format!("it cannot be written as JSON: {error}")))
}

/// A copy of what a survey reads, which goes with this value.
struct Copy(PathBuf);

impl Copy {
    fn of(data: &Path) -> Result<Self, SurveyError> {
        let mut mark = [0; 8];
        random(&mut mark)?;
        let name = format!("pintle-survey-{:016x}", u64::from_be_bytes(mark));
        let to = std::env::temp_dir().join(name);
        create_folder(&to).map_err(|source| SurveyError::Copy { path: to.clone(), source })?;
        let copy = Self(to);
        copy.take(data, FILE_NAME)?;
        for name in BESIDE {
            match copy.take(data, name) {
                Err(SurveyError::Copy { source, .. })
                    if source.kind() == io::ErrorKind::NotFound => {}
                taken => taken?,
            }
        }
        Ok(copy)
    }

    fn take(&self, data: &Path, name: &str) -> Result<(), SurveyError> {
        let path = data.join(name);
        let copied = fs::copy(&path, self.0.join(name)).map(drop);
        copied.map_err(|source| SurveyError::Copy { path, source })
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!(path = %self.0.display(), %error, "a copy of a store stays there");
        }
    }
}
