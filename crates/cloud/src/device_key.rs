//! The public key that a device proves itself with: P-256 over UDP, RSA-1024 over TCP.
//!
//! [`DeviceKey::read`] takes what people have: SPKI or (of RSA) PKCS#1, as DER or PEM, and says of everything
//! else what it is. Of RSA only 1024 bits with exponent 65537 pass, which is all that devices have. Whether a key
//! is weak is not seen here but in [`crate::pinning`].

use aws_lc_rs::digest::{SHA256, digest};
use pintle_dtls::{Fingerprint, PublicKey};
use pintle_protocol::tcp::DevicePublicKey;
use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

mod parse;

/// The kind of a key, and with it the way its device comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyKind {
    /// P-256, for devices on UDP.
    P256,
    /// RSA-1024, for devices on the TCP service.
    Rsa1024,
}

impl KeyKind {
    /// The word in the store and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::P256 => "p256",
            Self::Rsa1024 => "rsa1024",
        }
    }

    /// The kind with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::P256, Self::Rsa1024].into_iter().find(|kind| kind.as_str() == word)
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::P256 => "P-256",
            Self::Rsa1024 => "RSA-1024",
        })
    }
}

/// A device's public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceKey {
    /// Of a device on UDP.
    P256(PublicKey),
    /// Of a device on the TCP service.
    Rsa1024(DevicePublicKey),
}

impl DeviceKey {
    /// Reads a public key from DER or PEM.
    ///
    /// # Errors
    /// [`NotADeviceKey`]: what it is instead.
    pub fn read(bytes: &[u8]) -> Result<Self, NotADeviceKey> {
        parse::read(bytes)
    }

    /// The kind of key.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        match self {
            Self::P256(_) => KeyKind::P256,
            Self::Rsa1024(_) => KeyKind::Rsa1024,
        }
    }

    /// The DER SubjectPublicKeyInfo.
    #[must_use]
    pub fn to_spki(&self) -> Vec<u8> {
        match self {
            Self::P256(key) => key.to_spki().to_vec(),
            Self::Rsa1024(key) => key.as_spki().to_vec(),
        }
    }

    /// SHA-256 of the SubjectPublicKeyInfo.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        match self {
            Self::P256(key) => key.fingerprint(),
            Self::Rsa1024(key) => {
                let mut bytes = [0; 32];
                let hash = digest(&SHA256, key.as_spki());
                bytes.iter_mut().zip(hash.as_ref()).for_each(|(to, from)| *to = *from);
                Fingerprint::from_bytes(bytes)
            }
        }
    }
}

impl From<PublicKey> for DeviceKey {
    fn from(key: PublicKey) -> Self {
        Self::P256(key)
    }
}

impl From<DevicePublicKey> for DeviceKey {
    fn from(key: DevicePublicKey) -> Self {
        Self::Rsa1024(key)
    }
}

/// What was given instead of a device's public key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotADeviceKey {
    /// Nothing of the kind.
    #[error("it holds no public key: SPKI, as DER or PEM (BEGIN PUBLIC KEY)")]
    NoKey,
    /// A private key.
    #[error(
        "it holds a private key, which belongs in the device alone: give the public one (openssl pkey -in FILE -pubout)"
    )]
    Private,
    /// A certificate.
    #[error(
        "it holds a certificate: give the public key alone (openssl x509 -in FILE -noout -pubkey)"
    )]
    Certificate,
    /// A key on another curve.
    #[error("it is an elliptic-curve key, and not on P-256, the one curve that devices have")]
    Curve,
    /// A key of another algorithm.
    #[error("it is neither a P-256 key nor an RSA key, and devices have no others")]
    Algorithm,
    /// An RSA key of another size.
    #[error("it is an RSA key of {bits} bits, and devices on the TCP service have 1024{}", if *.bits == 2048 { ": is it the server's own?" } else { "" })]
    Size {
        /// The bits of its modulus.
        bits: usize,
    },
    /// An RSA key with another exponent.
    #[error("its exponent is {exponent}, and devices on the TCP service have 65537")]
    Exponent {
        /// The exponent, in decimal where it is short.
        exponent: String,
    },
}

#[cfg(test)]
mod tests;
