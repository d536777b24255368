//! The public-key operations that a handshake needs, behind one small trait, and its two backends: aws-lc for
//! servers, RustCrypto where there is no `std`. Record protection is not here: it is the same for both.

#[cfg(feature = "aws-lc")]
mod aws_lc;
#[cfg(feature = "rustcrypto")]
mod rust_crypto;

#[cfg(feature = "aws-lc")]
pub use aws_lc::{AwsLc, AwsLcEphemeralKey, AwsLcSigningKey};
#[cfg(feature = "rustcrypto")]
pub use rust_crypto::{RustCrypto, RustCryptoEphemeralKey, RustCryptoSigningKey};

use crate::key::PublicKey;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// What a backend could not do.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CryptoError {
    /// The source of randomness failed.
    #[error("no randomness to be had")]
    Randomness,
    /// Not a P-256 private key in SEC 1 or PKCS#8 form, or not a valid one.
    #[error("not a P-256 private key in SEC 1 or PKCS#8 form")]
    PrivateKey,
    /// The peer's key is not a point of the curve.
    #[error("the public key is not a point of P-256")]
    PublicKey,
    /// A signature could not be made.
    #[error("could not sign")]
    Signing,
    /// A signature does not verify.
    #[error("the signature does not verify")]
    Signature,
}

/// P-256 key agreement, ECDSA with SHA-256, and randomness.
pub trait Crypto {
    /// A long-term private key.
    type SigningKey;
    /// A private key for one handshake.
    type EphemeralKey;

    /// Fills `out` with bytes nobody can guess.
    ///
    /// # Errors
    /// [`CryptoError::Randomness`].
    fn fill_random(&self, out: &mut [u8]) -> Result<(), CryptoError>;

    /// A private key from SEC 1 `ECPrivateKey` or PKCS#8 DER; bytes after the structure are ignored.
    ///
    /// # Errors
    /// [`CryptoError::PrivateKey`].
    fn signing_key_from_der(&self, der: &[u8]) -> Result<Self::SigningKey, CryptoError>;

    /// The public half of a signing key.
    fn public_key(&self, key: &Self::SigningKey) -> PublicKey;

    /// A fresh key for one agreement, and its public point.
    ///
    /// # Errors
    /// [`CryptoError::Randomness`].
    fn ephemeral(&self) -> Result<(Self::EphemeralKey, [u8; 65]), CryptoError>;

    /// ECDH: the x coordinate of the shared point.
    ///
    /// # Errors
    /// [`CryptoError::PublicKey`] when the peer's point is not on the curve.
    fn agree(
        &self,
        mine: Self::EphemeralKey,
        peer: &[u8; 65],
    ) -> Result<Zeroizing<[u8; 32]>, CryptoError>;

    /// ECDSA over a SHA-256 digest.
    ///
    /// # Errors
    /// [`CryptoError::Signing`].
    fn sign_digest(
        &self,
        key: &Self::SigningKey,
        digest: &[u8; 32],
    ) -> Result<EcdsaSignature, CryptoError>;

    /// Checks a DER ECDSA signature over a SHA-256 digest.
    ///
    /// # Errors
    /// [`CryptoError::Signature`].
    fn verify_digest(
        &self,
        key: &PublicKey,
        digest: &[u8; 32],
        signature: &[u8],
    ) -> Result<(), CryptoError>;

    /// ECDSA with SHA-256 over a message.
    ///
    /// # Errors
    /// [`CryptoError::Signing`].
    fn sign(&self, key: &Self::SigningKey, message: &[u8]) -> Result<EcdsaSignature, CryptoError> {
        self.sign_digest(key, &Sha256::digest(message).into())
    }

    /// Checks a DER ECDSA signature with SHA-256 over a message.
    ///
    /// # Errors
    /// [`CryptoError::Signature`].
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        self.verify_digest(key, &Sha256::digest(message).into(), signature)
    }
}

/// A DER-encoded ECDSA signature: at most 72 bytes for P-256.
#[derive(Clone, Copy)]
pub struct EcdsaSignature {
    length: u8,
    bytes: [u8; EcdsaSignature::MAX_LENGTH],
}

impl EcdsaSignature {
    /// The longest DER form of a P-256 signature, in bytes.
    pub const MAX_LENGTH: usize = 72;

    /// From DER; `None` when too long to be one.
    #[must_use]
    pub fn from_der(der: &[u8]) -> Option<Self> {
        let mut bytes = [0; Self::MAX_LENGTH];
        bytes.get_mut(..der.len())?.copy_from_slice(der);
        Some(Self { length: u8::try_from(der.len()).ok()?, bytes })
    }

    /// The DER form.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length.into()).unwrap_or_default()
    }
}
