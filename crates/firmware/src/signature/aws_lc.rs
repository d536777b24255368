//! Signatures through aws-lc-rs.

use super::{PublicKey, SIGNATURE, Sign, Verify};
use aws_lc_rs::pkcs8::Document;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair, UnparsedPublicKey, VerificationAlgorithm,
};

/// Checks signatures with aws-lc-rs.
#[derive(Clone, Copy, Debug, Default)]
pub struct AwsLc;

impl Verify for AwsLc {
    fn verify(&self, key: &PublicKey<'_>, message: &[u8], signature: &[u8; SIGNATURE]) -> bool {
        let algorithm: &dyn VerificationAlgorithm = match key {
            PublicKey::Ed25519(_) => &ED25519,
            PublicKey::P256(_) => &ECDSA_P256_SHA256_FIXED,
        };
        UnparsedPublicKey::new(algorithm, key.as_bytes()).verify(message, signature).is_ok()
    }
}

/// A new private key as PKCS#8 DER, wiped when dropped.
pub struct NewKey(Document);

impl NewKey {
    /// An Ed25519 key; none where the system gives no randomness.
    #[must_use]
    pub fn ed25519() -> Option<Self> {
        // Version 1, without the public half: every reader knows that.
        Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).ok().map(Self)
    }

    /// A P-256 key; none where the system gives no randomness.
    #[must_use]
    pub fn p256() -> Option<Self> {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).ok().map(Self)
    }

    /// Its bytes: a secret.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.as_ref()
    }
}

/// A private key that aws-lc-rs signs with.
pub struct AwsLcSigner(Key);

enum Key {
    Ed25519(Ed25519KeyPair, [u8; 32]),
    P256(EcdsaKeyPair, [u8; 65]),
}

impl AwsLcSigner {
    /// A private key from PKCS#8 DER, Ed25519 or P-256.
    #[must_use]
    pub fn from_pkcs8(der: &[u8]) -> Option<Self> {
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8(der) {
            let public = pair.public_key().as_ref().try_into().ok()?;
            return Some(Self(Key::Ed25519(pair, public)));
        }
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).ok()?;
        let public = pair.public_key().as_ref().try_into().ok()?;
        Some(Self(Key::P256(pair, public)))
    }
}

impl Sign for AwsLcSigner {
    fn public_key(&self) -> PublicKey<'_> {
        match &self.0 {
            Key::Ed25519(_, public) => PublicKey::Ed25519(public),
            Key::P256(_, public) => PublicKey::P256(public),
        }
    }

    fn sign(&self, message: &[u8]) -> Option<[u8; SIGNATURE]> {
        let signature = match &self.0 {
            Key::Ed25519(pair, _) => pair.sign(message),
            Key::P256(pair, _) => pair.sign(&SystemRandom::new(), message).ok()?,
        };
        signature.as_ref().try_into().ok()
    }
}
