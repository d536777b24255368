//! Copies of the node key to keep elsewhere: locked with a passphrase, or in shares of which so many are needed.
//!
//! A copy is one PEM block (RFC 7468). Locked: the key under AES-256-GCM-SIV, with a key that Argon2id (RFC 9106) makes
//! of the passphrase. Shares: Shamir's sharing over GF(2^8), from the crate `blahaj`; fewer than needed say nothing
//! about the key. Both carry the first bytes of the mark that a store has of its node key, which say nothing about the
//! key, so that a copy of another node's key is known.

use argon2::{Algorithm, Argon2, Params, Version};
use zeroize::Zeroizing;

use crate::node_key::{KEY_LENGTH, NodeKey, NodeKeyError, open_with, random, seal_with};
use crate::pem;

mod format;
mod shares;

pub use shares::{MOST_SHARES, join, split};

/// The fewest characters of a passphrase.
pub const MIN_PASSPHRASE: usize = 16;
/// The most bytes of a passphrase.
pub const MAX_PASSPHRASE: usize = 1_024;

/// What a locked copy is called in its PEM block.
const LOCKED: &str = "PINTLE NODE KEY UNDER PASSPHRASE";

/// Why a copy of a key was not made or not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyCopyError {
    /// The passphrase will not do.
    #[error(
        "a passphrase for a copy of the node key has {MIN_PASSPHRASE} characters or more, and at most {MAX_PASSPHRASE} bytes"
    )]
    Passphrase,
    /// It is no copy of a node key.
    #[error("this is no copy of a node key, or a part of it is missing or changed")]
    NotOne,
    /// It was made by a later release.
    #[error("this copy was made by a later release of pintle: restore it with that one")]
    Later,
    /// The passphrase is another, or the copy was changed.
    #[error("the passphrase does not open this copy, or the copy was changed")]
    Locked,
    /// The numbers of shares make no sense.
    #[error(
        "2 or more shares are needed, at most as many as there are, and there are {MOST_SHARES} at most"
    )]
    Numbers,
    /// Not enough shares, or one twice.
    #[error("{given} different shares are here, and {needed} are needed")]
    TooFew {
        /// Different shares that came.
        given: usize,
        /// Shares that are needed.
        needed: usize,
    },
    /// Shares of different makings.
    #[error(
        "these shares do not belong together: they were made of different keys, or at different times"
    )]
    Mixed,
    /// There is no memory, or no randomness.
    #[error("the cryptographic library refused: no random bytes, or no memory")]
    Crypto,
}

impl From<NodeKeyError> for KeyCopyError {
    fn from(_: NodeKeyError) -> Self {
        Self::Crypto
    }
}

/// What opening a locked copy costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
}

impl Cost {
    /// For a file that somebody may try passphrases on for years: 256 MiB, four passes, about a second.
    pub const OF_A_COPY: Self = Self { memory_kib: 256 << 10, passes: 4 };

    /// The most that a copy may ask of whoever opens it: a gibibyte, 64 passes.
    const MOST: Self = Self { memory_kib: 1 << 20, passes: 64 };

    fn is_bearable(self) -> bool {
        (8..=Self::MOST.memory_kib).contains(&self.memory_kib)
            && (1..=Self::MOST.passes).contains(&self.passes)
    }
}

/// Locks a copy of the key with a passphrase; the text of the file. Blocks for as long as `cost` says.
///
/// # Errors
/// [`KeyCopyError::Passphrase`], [`KeyCopyError::Crypto`]
pub fn lock(key: &NodeKey, passphrase: &str, cost: Cost) -> Result<String, KeyCopyError> {
    if passphrase.chars().count() < MIN_PASSPHRASE || passphrase.len() > MAX_PASSPHRASE {
        return Err(KeyCopyError::Passphrase);
    }
    let mut salt = [0; format::SALT];
    random(&mut salt)?;
    let head = format::Head { mark: key.short_mark(), cost, salt };
    let under = stretch(passphrase, &head)?;
    let sealed = seal_with(&under, &head.write(), key.secret().as_slice())?;
    Ok(pem::write(LOCKED, &[head.write().as_slice(), &sealed].concat()))
}

/// Opens a locked copy. Blocks for as long as its making did.
///
/// # Errors
/// [`KeyCopyError`]
pub fn unlock(text: &str, passphrase: &str) -> Result<NodeKey, KeyCopyError> {
    let bytes = block(text, LOCKED)?;
    let (head, sealed) = format::Head::read(&bytes)?;
    if passphrase.len() > MAX_PASSPHRASE {
        return Err(KeyCopyError::Locked);
    }
    let under = stretch(passphrase, &head)?;
    let opened = open_with(&under, &head.write(), sealed).map_err(|_| KeyCopyError::Locked)?;
    let secret = <[u8; KEY_LENGTH]>::try_from(opened.as_slice()).map(Zeroizing::new);
    let key = NodeKey::from_bytes(secret.map_err(|_| KeyCopyError::NotOne)?);
    if key.short_mark() == head.mark { Ok(key) } else { Err(KeyCopyError::NotOne) }
}

/// Whether a text is a locked copy, to be opened with a passphrase.
#[must_use]
pub fn is_locked(text: &str) -> bool {
    pem::blocks(text).iter().any(|block| block.label == LOCKED)
}

/// What opening a locked copy will cost.
///
/// # Errors
/// [`KeyCopyError::NotOne`], [`KeyCopyError::Later`]
pub fn cost(text: &str) -> Result<Cost, KeyCopyError> {
    let bytes = block(text, LOCKED)?;
    format::Head::read(&bytes).map(|(head, _)| head.cost)
}

/// The one block of that name in a text.
fn block(text: &str, label: &str) -> Result<Zeroizing<Vec<u8>>, KeyCopyError> {
    let mut found = pem::blocks(text).into_iter().filter(|block| block.label == label);
    let first = found.next().and_then(|block| block.der).ok_or(KeyCopyError::NotOne)?;
    if found.next().is_some() { Err(KeyCopyError::NotOne) } else { Ok(first) }
}

fn stretch(
    passphrase: &str,
    head: &format::Head,
) -> Result<Zeroizing<[u8; KEY_LENGTH]>, KeyCopyError> {
    let Cost { memory_kib, passes } = head.cost;
    let params = Params::new(memory_kib, passes, 1, Some(KEY_LENGTH));
    let argon2 = params.map(|params| Argon2::new(Algorithm::Argon2id, Version::V0x13, params));
    let mut out = Zeroizing::new([0; KEY_LENGTH]);
    let done = argon2.map_err(|_| KeyCopyError::Crypto)?.hash_password_into(
        passphrase.as_bytes(),
        &head.salt,
        out.as_mut_slice(),
    );
    done.map(|()| out).map_err(|_| KeyCopyError::Crypto)
}

#[cfg(test)]
mod tests;
