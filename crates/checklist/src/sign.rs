//! Who signed a report: Ed25519 (RFC 8032) over its manifest, under a key that signs nothing else.
//!
//! The files are what OpenSSL reads too, so that nobody needs this program to check a signature:
//! `openssl pkeyutl -verify -pubin -inkey manifest.pub -rawin -in manifest.sha256 -sigfile manifest.sig`.

use crate::manifest::sha256;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt::{self, Display};
use thiserror::Error;

/// The file that has the signature: 64 bytes.
pub const SIGNATURE_FILE: &str = "manifest.sig";

/// The file that has the public key, as PEM. It came with the report, so by itself it proves nothing.
pub const KEY_FILE: &str = "manifest.pub";

/// What stands before the 32 bytes of an Ed25519 key in DER (RFC 8410).
const SPKI_HEAD: [u8; 12] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

const PEM_BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const PEM_END: &str = "-----END PUBLIC KEY-----";

/// A key that signs reports. Not printable.
pub struct SigningKey(Ed25519KeyPair);

/// The public half of one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

/// Why something cannot be signed, or a key not read.
#[derive(Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SignError {
    /// The cryptographic library refused.
    #[error("the cryptographic library refused to make a key of the seed")]
    Crypto,
    /// Not a public key.
    #[error("this is not an Ed25519 public key in PEM, as `pintle checklist key` prints it")]
    NotAKey,
}

impl SigningKey {
    /// The key of a seed.
    ///
    /// # Errors
    /// [`SignError::Crypto`].
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, SignError> {
        Ed25519KeyPair::from_seed_unchecked(seed).map(Self).map_err(|_| SignError::Crypto)
    }

    /// Its public half.
    ///
    /// # Errors
    /// [`SignError::Crypto`].
    pub fn public(&self) -> Result<PublicKey, SignError> {
        let bytes = self.0.public_key().as_ref().try_into();
        bytes.map(PublicKey).map_err(|_| SignError::Crypto)
    }

    /// Signs the text of a manifest: 64 bytes.
    #[must_use]
    pub fn sign(&self, manifest: &str) -> Vec<u8> {
        self.0.sign(manifest.as_bytes()).as_ref().to_vec()
    }
}

impl PublicKey {
    /// Reads PEM.
    ///
    /// # Errors
    /// [`SignError::NotAKey`].
    pub fn from_pem(text: &str) -> Result<Self, SignError> {
        let inner = text.trim().strip_prefix(PEM_BEGIN).and_then(|rest| rest.strip_suffix(PEM_END));
        let inner: String = inner.ok_or(SignError::NotAKey)?.split_ascii_whitespace().collect();
        let der = STANDARD.decode(inner).map_err(|_| SignError::NotAKey)?;
        let key = der.strip_prefix(&SPKI_HEAD).ok_or(SignError::NotAKey)?;
        key.try_into().map(Self).map_err(|_| SignError::NotAKey)
    }

    /// As PEM.
    #[must_use]
    pub fn to_pem(&self) -> String {
        format!("{PEM_BEGIN}\n{}\n{PEM_END}\n", STANDARD.encode(self.der()))
    }

    /// Whether a manifest was signed by this key.
    #[must_use]
    pub fn signed(&self, manifest: &str, signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(manifest.as_bytes(), signature).is_ok()
    }

    fn der(&self) -> Vec<u8> {
        [SPKI_HEAD.as_slice(), &self.0].concat()
    }
}

/// Its fingerprint: the SHA-256 of its DER, in hex.
impl Display for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&sha256(&self.der()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "PublicKey({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_one_key_signed_another_did_not() {
        let keys = [1, 2].map(|byte| SigningKey::from_seed(&[byte; 32]).expect("a key"));
        let [one, other] = keys.each_ref().map(|key| key.public().expect("its public half"));
        let signature = keys[0].sign("a manifest");
        assert!(one.signed("a manifest", &signature));
        assert!(!other.signed("a manifest", &signature));
        assert!(!one.signed("another manifest", &signature));
        assert!(!one.signed("a manifest", &[0; 64]));
    }

    #[test]
    fn a_key_is_read_as_it_was_written() {
        let key = SigningKey::from_seed(&[7; 32]).expect("a key").public().expect("public");
        assert_eq!(PublicKey::from_pem(&key.to_pem()), Ok(key));
        assert_eq!(PublicKey::from_pem("a key"), Err(SignError::NotAKey));
    }

    proptest! {
        #[test]
        fn what_is_no_key_is_said_to_be_none(text in ".{0,120}") {
            let pem = format!("{PEM_BEGIN}{text}{PEM_END}");
            let _ = PublicKey::from_pem(&text);
            let _ = PublicKey::from_pem(&pem);
        }
    }
}
