//! Keys and signatures, behind two small traits: a device brings its own cryptography, a server uses [`AwsLc`].
//!
//! Two algorithms, both with signatures of 64 bytes: Ed25519, and ECDSA on P-256 with SHA-256 (RFC 9053: -8 and -7).

#[cfg(feature = "aws-lc")]
mod aws_lc;
mod spki;

#[cfg(feature = "aws-lc")]
pub use aws_lc::{AwsLc, AwsLcSigner, NewKey};

use crate::Digest;
use core::fmt;

/// A public key of whoever signs releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicKey<'a> {
    /// An Ed25519 key.
    Ed25519(&'a [u8; 32]),
    /// A point of P-256, uncompressed.
    P256(&'a [u8; 65]),
}

/// A short name of a key: the first eight bytes of a digest of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyId(pub [u8; 8]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The length of a signature in bytes.
pub const SIGNATURE: usize = 64;

const ES256: i8 = -7;
const EDDSA: i8 = -8;

impl<'a> PublicKey<'a> {
    /// The number of its algorithm in COSE.
    #[must_use]
    pub const fn algorithm(&self) -> i8 {
        match self {
            Self::Ed25519(_) => EDDSA,
            Self::P256(_) => ES256,
        }
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        match self {
            Self::Ed25519(key) => key.as_slice(),
            Self::P256(point) => point.as_slice(),
        }
    }

    /// The key of an algorithm's number and its bytes.
    #[must_use]
    pub fn new(algorithm: i8, bytes: &'a [u8]) -> Option<Self> {
        match algorithm {
            EDDSA => bytes.try_into().ok().map(Self::Ed25519),
            // 4 is an uncompressed point; whether it is on the curve shows when it is used.
            ES256 => {
                bytes.try_into().ok().filter(|point: &&[u8; 65]| point[0] == 4).map(Self::P256)
            }
            _ => None,
        }
    }

    /// Its short name.
    #[must_use]
    pub fn id(&self) -> KeyId {
        let digest = Digest::of(self.as_bytes());
        KeyId(digest.0.first_chunk().copied().unwrap_or_default())
    }
}

/// Checks signatures.
pub trait Verify {
    /// Whether `signature` is `key`'s over `message`.
    fn verify(&self, key: &PublicKey<'_>, message: &[u8], signature: &[u8; SIGNATURE]) -> bool;
}

/// Makes signatures with one key.
pub trait Sign {
    /// The key to check them with.
    fn public_key(&self) -> PublicKey<'_>;

    /// The signature over `message`; none when it could not be made.
    fn sign(&self, message: &[u8]) -> Option<[u8; SIGNATURE]>;
}
