//! What the handshake needs of RSA, for whoever has an implementation: this crate has none.

use subtle::Choice;
use zeroize::Zeroizing;

use super::{BLOCK, CLAIM, Credentials, DevicePublicKey};

/// An RSA operation that could not be done at all, as opposed to one whose input was bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the RSA operation failed: check the key, then the library")]
pub struct RsaError;

/// What came out of a device's block, or random bytes in its place.
pub struct ClaimBytes {
    /// The bytes.
    pub bytes: Zeroizing<[u8; CLAIM]>,
    /// Whether they came out of the block.
    pub valid: Choice,
}

/// The private operations of a cloud's RSA-2048 key, and encryption to a device.
pub trait CloudRsa {
    /// Decrypts a device's block (PKCS#1 v1.5, type 2). Where the padding is wrong or the length is not 214 bytes,
    /// `rejected`, which is random, takes the place of what came out. Neither the time it takes nor anything else
    /// but [`ClaimBytes::valid`] may show which it was.
    fn open(&self, block: &[u8; BLOCK], rejected: &[u8; CLAIM]) -> ClaimBytes;

    /// Encrypts credentials to a device (PKCS#1 v1.5, type 2).
    ///
    /// # Errors
    /// [`RsaError`] if the modulus is none, or the library has no randomness.
    fn seal(&self, to: &DevicePublicKey, credentials: &Credentials) -> Result<[u8; 128], RsaError>;

    /// Signs as Device OS expects it: PKCS#1 v1.5, type 1, over these 20 bytes alone, without a DigestInfo.
    ///
    /// # Errors
    /// [`RsaError`] if the library refuses.
    fn sign(&self, mac: &[u8; 20]) -> Result<[u8; 256], RsaError>;
}

/// The private operations of a device's RSA-1024 key, and its cloud's pinned public key.
pub trait DeviceRsa {
    /// The device's own public key.
    fn public(&self) -> DevicePublicKey;

    /// Encrypts the device's block to the pinned cloud (PKCS#1 v1.5, type 2).
    ///
    /// # Errors
    /// [`RsaError`] if the library refuses.
    fn seal_block(&self, block: &[u8; CLAIM]) -> Result<[u8; BLOCK], RsaError>;

    /// Decrypts the credentials (PKCS#1 v1.5, type 2), which must be 40 bytes.
    ///
    /// # Errors
    /// [`RsaError`] if they are not for this device.
    fn open(&self, ciphertext: &[u8; 128]) -> Result<Zeroizing<[u8; 40]>, RsaError>;

    /// Whether the pinned cloud signed these 20 bytes (PKCS#1 v1.5, type 1, without a DigestInfo).
    fn verify(&self, mac: &[u8; 20], signature: &[u8; 256]) -> bool;
}
