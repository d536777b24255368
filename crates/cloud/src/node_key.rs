//! The node key: 32 random bytes in a file of its own, which wraps every other secret of the node.
//!
//! Each purpose (a [`Label`]) has data keys of its own: random, wrapped by the node key, kept in the store, and
//! replaced by newer ones on demand ([`DataKeys`]). AES-256-GCM-SIV (RFC 8452) under them seals what must not be
//! readable in a copy of the store. The node key itself is never written anywhere but to its file, so the store
//! without that file opens nothing (promise P5).
//!
//! [`crate::store::Store::open`] reads the data keys. Until then, and in a folder from before there were any, the key
//! of a label is the one that RFC 5869 (HKDF with SHA-256) makes of the node key: its generation 0.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::rand;
use zeroize::Zeroizing;

use crate::private_file::{self, Readers};

mod data_keys;
mod label;
mod primitives;
mod wrapping;

pub use data_keys::{DataKey, DataKeys, Generation, Sealer};
pub use label::{Label, Use};
pub(crate) use primitives::{expand, keyed_hash, open_with, seal_with};
pub(crate) use wrapping::{KeyMark, WrappedKey};

/// Bytes of the key and of everything derived from it.
pub const KEY_LENGTH: usize = 32;

/// Why the node key could not be made, read or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeKeyError {
    /// The file cannot be read or written.
    #[error("the node key {path}: {source}")]
    File {
        /// The key file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not 32 bytes long.
    #[error(
        "the node key {path} holds {length} bytes, not {KEY_LENGTH}: restore it from your copy"
    )]
    Length {
        /// The key file.
        path: PathBuf,
        /// Bytes found.
        length: usize,
    },
    /// The operating system or the crypto library refused.
    #[error("the cryptographic library refused: no random bytes, or no memory")]
    Crypto,
    /// Sealed bytes do not open: another key, another purpose, or changed bytes.
    #[error("sealed data does not open under this node key")]
    NotSealedHere,
}

/// Fills `bytes` from the system's source of randomness.
///
/// # Errors
/// [`NodeKeyError::Crypto`] where there is none.
pub fn random(bytes: &mut [u8]) -> Result<(), NodeKeyError> {
    rand::fill(bytes).map_err(|_| NodeKeyError::Crypto)
}

/// The secret of a node, with the data keys it wraps. Not printable, wiped when dropped.
pub struct NodeKey {
    secret: Zeroizing<[u8; KEY_LENGTH]>,
    ring: Mutex<HashMap<Label, DataKeys>>,
}

impl NodeKey {
    /// A fresh random key.
    pub fn generate() -> Result<Self, NodeKeyError> {
        let mut secret = Zeroizing::new([0; KEY_LENGTH]);
        random(secret.as_mut_slice())?;
        Ok(Self::from_bytes(secret))
    }

    /// A key from its bytes.
    #[must_use]
    pub fn from_bytes(secret: Zeroizing<[u8; KEY_LENGTH]>) -> Self {
        Self { secret, ring: Mutex::default() }
    }

    /// Reads the key file.
    pub fn load(path: &Path) -> Result<Self, NodeKeyError> {
        let file = |source| NodeKeyError::File { path: path.to_owned(), source };
        let bytes = Zeroizing::new(fs::read(path).map_err(file)?);
        let secret = <[u8; KEY_LENGTH]>::try_from(bytes.as_slice())
            .map_err(|_| NodeKeyError::Length { path: path.to_owned(), length: bytes.len() })?;
        Ok(Self::from_bytes(Zeroizing::new(secret)))
    }

    /// Writes the key to a new file of mode 0600; an existing file is never overwritten.
    pub fn save(&self, path: &Path) -> Result<(), NodeKeyError> {
        private_file::create(path, Readers::Owner, self.secret.as_slice())
            .map_err(|source| NodeKeyError::File { path: path.to_owned(), source })
    }

    /// The newest data key for one purpose. It does not change when a newer one is made: who lives long asks
    /// [`NodeKey::keys`].
    #[must_use]
    pub fn derive(&self, label: Label) -> Zeroizing<[u8; KEY_LENGTH]> {
        self.known(label).map_or_else(|| self.made(label), |keys| keys.newest().bytes().clone())
    }

    /// The data keys for one purpose, now and later.
    #[must_use]
    pub fn keys(&self, label: Label) -> DataKeys {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keys) = ring.get(&label) {
            return keys.clone();
        }
        let keys = DataKeys::new(Arc::new(DataKey::new(Generation(0), self.made(label))));
        ring.insert(label, keys.clone());
        keys
    }

    /// Seals and opens for one purpose, with the keys of now and later.
    pub fn sealer(&self, label: Label) -> Result<Sealer, NodeKeyError> {
        Ok(Sealer::new(self.keys(label)))
    }

    /// A keyed hash (HMAC-SHA256) of `message` under the newest key for `label`.
    #[must_use]
    pub fn tag(&self, label: Label, message: &[u8]) -> [u8; KEY_LENGTH] {
        keyed_hash(&self.derive(label), message)
    }

    /// The keyed hash of `message` under each key for `label`, newest first.
    #[must_use]
    pub fn tags(&self, label: Label, message: &[u8]) -> Vec<[u8; KEY_LENGTH]> {
        let made = || vec![keyed_hash(&self.made(label), message)];
        self.known(label).map_or_else(made, |keys| keys.tags(message))
    }

    /// Seals `plaintext` for one purpose, bound to `context`. The result is 28 bytes longer.
    pub fn seal(
        &self,
        label: Label,
        context: &[u8],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, NodeKeyError> {
        self.sealer(label)?.seal(context, plaintext)
    }

    /// Opens what [`NodeKey::seal`] made with the same label and context.
    pub fn open(
        &self,
        label: Label,
        context: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, NodeKeyError> {
        self.sealer(label)?.open(context, sealed)
    }

    /// The key of a label that follows from the node key alone: its generation 0.
    fn made(&self, label: Label) -> Zeroizing<[u8; KEY_LENGTH]> {
        expand(self.secret.as_slice(), label.name().as_bytes())
    }

    fn known(&self, label: Label) -> Option<DataKeys> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner).get(&label).cloned()
    }
}

#[cfg(test)]
mod tests;
