//! The folder that a run leaves: report, evidence, manifest, signature. For its owner's eyes alone, as it says where a
//! product is weak.

use crate::manifest::{self, Manifest};
use crate::sign::{KEY_FILE, SIGNATURE_FILE, SignError, SigningKey};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Files by their path from the folder.
#[derive(Clone, Default)]
pub struct Bundle {
    files: Vec<(String, Vec<u8>)>,
}

/// Why a folder could not be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BundleError {
    /// The system refused.
    #[error("{path}: {source}")]
    Write {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something else is in the folder.
    #[error("{0} holds something else than a report: name a new folder, or one of an older report")]
    NotEmpty(PathBuf),
    /// It cannot be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl BundleError {
    /// Whether another folder mends it.
    #[must_use]
    pub const fn is_usage(&self) -> bool {
        matches!(self, Self::NotEmpty(_))
    }
}

impl Bundle {
    /// With one file more.
    #[must_use]
    pub fn with(mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        self.files.push((path.into(), content.into()));
        self
    }

    /// Writes all of it, in place of an older report where there is one, signed where there is a key.
    ///
    /// # Errors
    /// [`BundleError`].
    pub fn write(mut self, folder: &Path, key: Option<&SigningKey>) -> Result<(), BundleError> {
        let listed = self.files.iter().map(|(path, content)| (path.as_str(), content.as_slice()));
        let manifest = Manifest::of(listed).text();
        if let Some(key) = key {
            self = self
                .with(SIGNATURE_FILE, key.sign(&manifest))
                .with(KEY_FILE, key.public()?.to_pem());
        }
        check(folder)?;
        clear(folder)?;
        make(folder)?;
        for (path, content) in &self.files {
            let path = folder.join(path);
            path.parent().map_or(Ok(()), make)?;
            put(&path, content)?;
        }
        // Last: a folder without it is no report.
        put(&folder.join(manifest::FILE), manifest.as_bytes())
    }
}

/// Looks whether a folder can take a report, before anything is done that takes time: a new one, an empty one, or one with an
/// older report in it.
///
/// # Errors
/// [`BundleError::NotEmpty`] where something else is in it.
pub fn check(folder: &Path) -> Result<(), BundleError> {
    match is_free(folder) {
        Ok(free) if free || older(folder).is_some() => Ok(()),
        Ok(_) => Err(BundleError::NotEmpty(folder.to_owned())),
        Err(source) => Err(BundleError::Write { path: folder.to_owned(), source }),
    }
}

fn older(folder: &Path) -> Option<Manifest> {
    let text = fs::read_to_string(folder.join(manifest::FILE)).ok()?;
    Manifest::parse(&text).ok()
}

fn is_free(folder: &Path) -> io::Result<bool> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// Takes away what an older manifest lists, and nothing else.
fn clear(folder: &Path) -> Result<(), BundleError> {
    let Some(older) = older(folder) else { return Ok(()) };
    let own = [SIGNATURE_FILE, KEY_FILE, manifest::FILE];
    for path in older.files().map(|(path, _)| path).chain(own) {
        let path = folder.join(path);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(BundleError::Write { path, source });
            }
            _ => {}
        }
    }
    Ok(())
}

fn make(folder: &Path) -> Result<(), BundleError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|source| BundleError::Write { path: folder.to_owned(), source })
}

fn put(path: &Path, content: &[u8]) -> Result<(), BundleError> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(content))
        .map_err(|source| BundleError::Write { path: path.to_owned(), source })
}
