//! What is wrong with a key that somebody gave. Written for that person: what it is and what to do.

use crate::weak::Weakness;

/// Why bytes are not taken for a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Neither PEM nor DER of the kind that was asked for.
    #[error("not {wanted}: give it as PEM or as plain DER")]
    NotAKey {
        /// What was asked for.
        wanted: &'static str,
    },
    /// A private key with a password.
    #[error("the private key has a password: take it off with `openssl pkey -in FILE -out NEW`")]
    Encrypted,
    /// Devices know one size only.
    #[error("the key has {found} bits, and this one must have {wanted}")]
    Size {
        /// Bits of the modulus.
        found: u32,
        /// Bits that it must have.
        wanted: u32,
    },
    /// Devices know one exponent only.
    #[error("the key's exponent is {found}, and devices know 65537 only")]
    Exponent {
        /// In decimal digits, or in hexadecimal ones where it is long.
        found: String,
    },
    /// The numbers of the private key do not fit each other.
    #[error(
        "the parts of the private key do not fit each other: the file is damaged, or was made by hand"
    )]
    Inconsistent,
    /// A key that everybody can break.
    #[error("the key protects nothing: {0}")]
    Weak(#[from] Weakness),
    /// The library has no memory or no randomness.
    #[error("the RSA library failed: {why}")]
    Library {
        /// What it says.
        why: String,
    },
}

impl From<openssl::error::ErrorStack> for KeyError {
    fn from(stack: openssl::error::ErrorStack) -> Self {
        Self::Library { why: stack.to_string() }
    }
}
