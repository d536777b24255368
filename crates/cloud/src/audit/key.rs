//! Ed25519 (RFC 8032) over heads: the node's key of the moment, and the public half that checks it.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::rand;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use zeroize::Zeroizing;

use super::chain::{Head, from_hex};
use crate::node_key::NodeKeyError;

/// Bytes of a signature.
pub const SIGNATURE_LENGTH: usize = 64;
/// Bytes of what a key is made from.
pub(super) const SEED_LENGTH: usize = 32;

/// Keeps what is signed here apart from everything else that Ed25519 keys sign.
const DOMAIN: &[u8] = b"pintle audit head 1\0";

/// What checks a signature: 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublicKey(pub [u8; 32]);

/// A text that is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key of the audit log is 64 hex digits, as `pintle init` prints it")]
pub struct NotAKey;

impl FromStr for PublicKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        from_hex(text.trim()).map(Self).ok_or(NotAKey)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl PublicKey {
    /// Whether this key signed this head.
    #[must_use]
    pub fn signed(&self, head: &Head, signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(&message(head), signature).is_ok()
    }
}

/// A head, and the signature under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedHead {
    /// How far the log had come.
    pub head: Head,
    /// Whose signature it is.
    pub key: PublicKey,
    /// The signature.
    pub signature: [u8; SIGNATURE_LENGTH],
}

impl SignedHead {
    /// Whether the signature holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.key.signed(&self.head, &self.signature)
    }
}

/// What signs. Not printable; what it was made from is wiped when dropped, and so is the library's copy.
pub struct SigningKey {
    seed: Zeroizing<[u8; SEED_LENGTH]>,
    pair: Ed25519KeyPair,
    public: PublicKey,
}

impl SigningKey {
    /// A fresh random key, which follows from none before.
    ///
    /// # Errors
    /// [`NodeKeyError::Crypto`] without randomness or memory.
    pub fn generate() -> Result<Self, NodeKeyError> {
        let mut seed = Zeroizing::new([0; SEED_LENGTH]);
        rand::fill(seed.as_mut_slice()).map_err(|_| NodeKeyError::Crypto)?;
        Self::from_seed(seed)
    }

    /// The key that a seed makes.
    pub(super) fn from_seed(seed: Zeroizing<[u8; SEED_LENGTH]>) -> Result<Self, NodeKeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_slice())
            .map_err(|_| NodeKeyError::Crypto)?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| NodeKeyError::Crypto)?;
        Ok(Self { seed, pair, public: PublicKey(public) })
    }

    pub(super) fn seed(&self) -> &[u8; SEED_LENGTH] {
        &self.seed
    }

    /// What checks its signatures.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// Signs a head.
    #[must_use]
    pub fn sign(&self, head: Head) -> SignedHead {
        let made = self.pair.sign(&message(&head));
        let mut signature = [0; SIGNATURE_LENGTH];
        signature.iter_mut().zip(made.as_ref()).for_each(|(to, from)| *to = *from);
        SignedHead { head, key: self.public, signature }
    }
}

fn message(head: &Head) -> Vec<u8> {
    let mut message = DOMAIN.to_vec();
    message.extend(head.seq.to_be_bytes());
    message.extend(head.link.0);
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::GENESIS;

    #[test]
    fn p10_a_signature_is_for_one_head_and_under_one_key() {
        let (key, other) = (SigningKey::generate().unwrap(), SigningKey::generate().unwrap());
        let head = Head { seq: 5, link: GENESIS.next(b"five") };
        let signed = key.sign(head);
        assert!(signed.holds());
        assert!(!other.public().signed(&head, &signed.signature));
        assert!(!key.public().signed(&Head { seq: 6, ..head }, &signed.signature));
        assert!(!key.public().signed(&Head { link: GENESIS, ..head }, &signed.signature));
        assert!(!key.public().signed(&head, &signed.signature[..63]));
        assert_eq!(key.public().to_string().parse(), Ok(key.public()));
        assert_eq!("00".parse::<PublicKey>(), Err(NotAKey));
    }
}
