//! Whether a folder is what was signed: every file as it was, none missing, none added, and by whom.

use crate::manifest::{self, Manifest, sha256};
use crate::sign::{KEY_FILE, PublicKey, SIGNATURE_FILE};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Files of a report are far smaller.
const MOST: u64 = 256 << 20;

/// What can be said of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many files are as the manifest says.
    pub files: usize,
    /// Who signed it.
    pub signer: Signer,
}

/// Who signed a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signer {
    /// The key that was asked for.
    Trusted(PublicKey),
    /// The key that came with the folder: whoever changed the folder could have changed it too.
    Enclosed(PublicKey),
    /// Nobody: whoever changed the folder could have written the manifest anew.
    Nobody,
}

/// Why a folder is not what was signed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// It cannot be read.
    #[error("{path}: {source}")]
    Read {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It has no manifest.
    #[error("{0} has no {file}: it is no report", file = manifest::FILE)]
    NoReport(PathBuf),
    /// Its manifest, signature or key is not one.
    #[error("{path}: {why}")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The signature is not by that key over this manifest.
    #[error("the manifest was changed after it was signed, or signed by another key than {0}")]
    Signature(PublicKey),
    /// A key was asked for, and nobody signed.
    #[error("nobody signed it, so the key that was named cannot have")]
    Unsigned,
    /// Files are not as they were.
    #[error("{}", .0.join("; "))]
    Changed(Vec<String>),
}

/// Looks at a folder, held against a key that came to the reader in another way where there is one.
///
/// # Errors
/// [`VerifyError`]: all files that differ are named at once.
pub fn verify(folder: &Path, key: Option<&PublicKey>) -> Result<Verified, VerifyError> {
    let path = folder.join(manifest::FILE);
    let text = match read(&path) {
        Err(VerifyError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            return Err(VerifyError::NoReport(folder.to_owned()));
        }
        read => text(&path, read?)?,
    };
    let signer = signer(folder, &text, key)?;
    let manifest = Manifest::parse(&text)
        .map_err(|why| VerifyError::Malformed { path, why: why.to_string() })?;
    let wrong = [changed(folder, &manifest), added(folder, &manifest)?].concat();
    match wrong.is_empty() {
        true => Ok(Verified { files: manifest.files().count(), signer }),
        false => Err(VerifyError::Changed(wrong)),
    }
}

fn signer(folder: &Path, manifest: &str, key: Option<&PublicKey>) -> Result<Signer, VerifyError> {
    let signature = match read(&folder.join(SIGNATURE_FILE)) {
        Err(VerifyError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            return if key.is_some() { Err(VerifyError::Unsigned) } else { Ok(Signer::Nobody) };
        }
        signature => signature?,
    };
    let by = match key {
        Some(key) => *key,
        None => enclosed(&folder.join(KEY_FILE))?,
    };
    if !by.signed(manifest, &signature) {
        return Err(VerifyError::Signature(by));
    }
    Ok(if key.is_some() { Signer::Trusted(by) } else { Signer::Enclosed(by) })
}

fn enclosed(path: &Path) -> Result<PublicKey, VerifyError> {
    let pem = text(path, read(path)?)?;
    PublicKey::from_pem(&pem)
        .map_err(|why| VerifyError::Malformed { path: path.to_owned(), why: why.to_string() })
}

/// Files that are missing or not as they were.
fn changed(folder: &Path, manifest: &Manifest) -> Vec<String> {
    let wrong = |(path, hash): (&str, &str)| match read(&folder.join(path)) {
        Ok(content) if sha256(&content) == hash => None,
        Ok(_) => Some(format!("{path} was changed")),
        Err(VerifyError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            Some(format!("{path} is missing"))
        }
        Err(error) => Some(format!("{path} cannot be read: {error}")),
    };
    manifest.files().filter_map(wrong).collect()
}

/// Files that nobody signed, which a reader would take for a part of it.
fn added(folder: &Path, manifest: &Manifest) -> Result<Vec<String>, VerifyError> {
    let ours = |path: &str| {
        manifest.lists(path) || [manifest::FILE, SIGNATURE_FILE, KEY_FILE].contains(&path)
    };
    let mut found = Vec::new();
    walk(folder, "", &mut found)?;
    found.sort();
    Ok(found.iter().filter(|path| !ours(path)).map(|path| format!("{path} was added")).collect())
}

fn walk(folder: &Path, under: &str, found: &mut Vec<String>) -> Result<(), VerifyError> {
    let failed = |source| VerifyError::Read { path: folder.to_owned(), source };
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = format!("{under}{}", entry.file_name().to_string_lossy());
        // What a link leads to is not looked at: a link to a folder is a file that was added.
        match entry.file_type().map_err(failed)?.is_dir() {
            true => walk(&entry.path(), &format!("{path}/"), found)?,
            false => found.push(path),
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, VerifyError> {
    let failed = |source| VerifyError::Read { path: path.to_owned(), source };
    let about = fs::symlink_metadata(path).map_err(failed)?;
    if !about.is_file() || about.len() > MOST {
        let why = "it is no plain file of a report".into();
        return Err(VerifyError::Malformed { path: path.to_owned(), why });
    }
    fs::read(path).map_err(failed)
}

fn text(path: &Path, content: Vec<u8>) -> Result<String, VerifyError> {
    String::from_utf8(content)
        .map_err(|_| VerifyError::Malformed { path: path.to_owned(), why: "not text".into() })
}
