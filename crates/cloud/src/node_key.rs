//! The node key: 32 random bytes in a file of its own, from which every other secret of the node is derived.
//!
//! RFC 5869 (HKDF with SHA-256) turns it into named data keys; RFC 8452 (AES-256-GCM-SIV) seals what must not
//! be readable in a copy of the store. The key itself is never written anywhere but to its file, so the store
//! without that file opens nothing (promise P5). It does not rotate keys.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hmac, rand};
use zeroize::Zeroizing;

use crate::private_file::{self, Readers};

/// Bytes of the key and of everything derived from it.
pub const KEY_LENGTH: usize = 32;

/// What a derived key is for. Each label gives a key that says nothing about the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label(&'static str);

impl Label {
    /// Keys the hash under which an account is found.
    pub const ACCOUNT_NAME: Self = Self("account name");
    /// Peppers passwords.
    pub const PASSWORD: Self = Self("password");
    /// Keys the hash under which an API token is found.
    pub const TOKEN: Self = Self("api token");
    /// Seals device sessions at rest.
    pub const SESSION: Self = Self("device session");
    /// Seals what durable consumers have yet to take.
    pub const OUTBOX: Self = Self("outbox");
    /// Seals what webhooks are told.
    pub const WEBHOOK: Self = Self("webhook");
    /// Seals the files of firmware.
    pub const FIRMWARE: Self = Self("firmware");
    /// Seals what is in force in a product: its keyring, its releases, its counters.
    pub const PRODUCT: Self = Self("product");
    /// Seals how far each product has come, beside the store.
    pub const PRODUCT_MARKS: Self = Self("product marks");
    /// Seals the connection ids a node chooses.
    pub const CONNECTION_ID: Self = Self("connection id");
    /// Seals the seeds of second factors.
    pub const SECOND_FACTOR: Self = Self("second factor");
    /// Seals what a client carries from one step of a login to the next.
    pub const LOGIN_STEP: Self = Self("login step");
    /// Shows that a store belongs to this key.
    pub const STORE_CHECK: Self = Self("store check");
    /// Seals the key that signs the audit log.
    pub const AUDIT_KEY: Self = Self("audit key");
    /// Seals the reasons that people gave for what they did.
    pub const AUDIT_REASON: Self = Self("audit reason");
    /// Tells a data folder from its copies.
    pub const INCARNATION: Self = Self("incarnation");
}

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

/// The secret of a node. Not printable, wiped when dropped.
pub struct NodeKey {
    secret: Zeroizing<[u8; KEY_LENGTH]>,
}

impl NodeKey {
    /// A fresh random key.
    pub fn generate() -> Result<Self, NodeKeyError> {
        let mut secret = Zeroizing::new([0; KEY_LENGTH]);
        rand::fill(secret.as_mut_slice()).map_err(|_| NodeKeyError::Crypto)?;
        Ok(Self { secret })
    }

    /// A key from its bytes.
    #[must_use]
    pub fn from_bytes(secret: Zeroizing<[u8; KEY_LENGTH]>) -> Self {
        Self { secret }
    }

    /// Reads the key file.
    pub fn load(path: &Path) -> Result<Self, NodeKeyError> {
        let file = |source| NodeKeyError::File { path: path.to_owned(), source };
        let bytes = Zeroizing::new(fs::read(path).map_err(file)?);
        let secret = <[u8; KEY_LENGTH]>::try_from(bytes.as_slice())
            .map_err(|_| NodeKeyError::Length { path: path.to_owned(), length: bytes.len() })?;
        Ok(Self { secret: Zeroizing::new(secret) })
    }

    /// Writes the key to a new file of mode 0600; an existing file is never overwritten.
    pub fn save(&self, path: &Path) -> Result<(), NodeKeyError> {
        private_file::create(path, Readers::Owner, self.secret.as_slice())
            .map_err(|source| NodeKeyError::File { path: path.to_owned(), source })
    }

    /// The data key for one purpose.
    #[must_use]
    pub fn derive(&self, label: Label) -> Zeroizing<[u8; KEY_LENGTH]> {
        expand(self.secret.as_slice(), label.0.as_bytes())
    }

    /// Seals and opens for one purpose without deriving its key each time.
    pub fn sealer(&self, label: Label) -> Result<Sealer, NodeKeyError> {
        Ok(Sealer { key: sealing_key(&self.derive(label))? })
    }

    /// A keyed hash (HMAC-SHA256) of `message` under the key for `label`.
    #[must_use]
    pub fn tag(&self, label: Label, message: &[u8]) -> [u8; KEY_LENGTH] {
        keyed_hash(&self.derive(label), message)
    }

    /// Seals `plaintext` for one purpose, bound to `context`. The result is 28 bytes longer.
    pub fn seal(
        &self,
        label: Label,
        context: &[u8],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, NodeKeyError> {
        seal_with(&self.derive(label), context, plaintext)
    }

    /// Opens what [`NodeKey::seal`] made with the same label and context.
    pub fn open(
        &self,
        label: Label,
        context: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, NodeKeyError> {
        open_with(&self.derive(label), context, sealed)
    }
}

/// Seals and opens for one purpose, many times over.
pub struct Sealer {
    key: LessSafeKey,
}

impl Sealer {
    /// See [`NodeKey::seal`].
    pub fn seal(&self, context: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, NodeKeyError> {
        seal_under(&self.key, context, plaintext)
    }

    /// See [`NodeKey::open`].
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, NodeKeyError> {
        open_under(&self.key, context, sealed)
    }
}

/// HMAC-SHA256 of `message` under `key`.
pub(crate) fn keyed_hash(key: &[u8; KEY_LENGTH], message: &[u8]) -> [u8; KEY_LENGTH] {
    tag_of(&[message], key)
}

/// One block of HKDF-Expand (RFC 5869 2.3). The secret is uniformly random, so Extract is skipped (3.3).
pub(crate) fn expand(secret: &[u8], info: &[u8]) -> Zeroizing<[u8; KEY_LENGTH]> {
    Zeroizing::new(tag_of(&[info, &[1]], secret))
}

fn tag_of(parts: &[&[u8]], key: &[u8]) -> [u8; KEY_LENGTH] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in parts {
        context.update(part);
    }
    let mut out = [0; KEY_LENGTH];
    for (to, from) in out.iter_mut().zip(context.sign().as_ref()) {
        *to = *from;
    }
    out
}

/// AES-256-GCM-SIV with a random nonce in front.
pub(crate) fn seal_with(
    key: &[u8; KEY_LENGTH],
    context: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, NodeKeyError> {
    seal_under(&sealing_key(key)?, context, plaintext)
}

/// Opens what [`seal_with`] made.
pub(crate) fn open_with(
    key: &[u8; KEY_LENGTH],
    context: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, NodeKeyError> {
    open_under(&sealing_key(key)?, context, sealed)
}

fn seal_under(
    key: &LessSafeKey,
    context: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, NodeKeyError> {
    let mut nonce = [0; NONCE_LEN];
    rand::fill(&mut nonce).map_err(|_| NodeKeyError::Crypto)?;
    let mut body = plaintext.to_vec();
    key.seal_in_place_append_tag(
        Nonce::assume_unique_for_key(nonce),
        Aad::from(context),
        &mut body,
    )
    .map_err(|_| NodeKeyError::Crypto)?;
    let mut sealed = nonce.to_vec();
    sealed.append(&mut body);
    Ok(sealed)
}

fn open_under(
    key: &LessSafeKey,
    context: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, NodeKeyError> {
    let (nonce, body) =
        sealed.split_first_chunk::<NONCE_LEN>().ok_or(NodeKeyError::NotSealedHere)?;
    let mut body = Zeroizing::new(body.to_vec());
    let length = key
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(context), &mut body)
        .map_err(|_| NodeKeyError::NotSealedHere)?
        .len();
    body.truncate(length);
    Ok(body)
}

fn sealing_key(key: &[u8; KEY_LENGTH]) -> Result<LessSafeKey, NodeKeyError> {
    let unbound = UnboundKey::new(&AES_256_GCM_SIV, key).map_err(|_| NodeKeyError::Crypto)?;
    Ok(LessSafeKey::new(unbound))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_give_unrelated_keys_and_the_same_one_twice() {
        let key = NodeKey::from_bytes(Zeroizing::new([7; 32]));
        assert_eq!(*key.derive(Label::SESSION), *key.derive(Label::SESSION));
        assert_ne!(*key.derive(Label::SESSION), *key.derive(Label::TOKEN));
        assert_ne!(
            *key.derive(Label::SESSION),
            *NodeKey::from_bytes(Zeroizing::new([8; 32])).derive(Label::SESSION)
        );
    }

    #[test]
    fn sealed_bytes_open_only_with_the_same_key_label_and_context() {
        let key = NodeKey::generate().unwrap();
        let sealed = key.seal(Label::SESSION, b"device 1", b"secret").unwrap();
        assert_eq!(sealed.len(), 6 + 28);
        assert_eq!(key.open(Label::SESSION, b"device 1", &sealed).unwrap().as_slice(), b"secret");
        assert!(key.open(Label::SESSION, b"device 2", &sealed).is_err());
        assert!(key.open(Label::TOKEN, b"device 1", &sealed).is_err());
        assert!(NodeKey::generate().unwrap().open(Label::SESSION, b"device 1", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.open(Label::SESSION, b"device 1", &changed).is_err());
        }
        assert!(key.open(Label::SESSION, b"", &[]).is_err());
    }

    #[test]
    fn the_key_file_is_private_and_never_overwritten() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("node.key");
        NodeKey::generate().unwrap().save(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let before = fs::read(&path).unwrap();
        assert!(NodeKey::generate().unwrap().save(&path).is_err());
        assert_eq!(fs::read(&path).unwrap(), before);
    }

    #[test]
    fn a_short_key_file_is_refused_by_its_length() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("node.key");
        fs::write(&path, [1; 31]).unwrap();
        let error = NodeKey::load(&path).err().unwrap().to_string();
        assert!(error.contains("31 bytes"), "{error}");
    }
}
