//! Signing keys in files: PKCS#8 and SubjectPublicKeyInfo, as DER or PEM.

use super::document::read;
use crate::failure::Failure;
use pintle_cloud::pem;
use pintle_firmware::signature::{AwsLcSigner, KeyId, NewKey, PublicKey, Sign};
use std::path::Path;
use zeroize::Zeroizing;

/// A public key that was read.
#[derive(Clone)]
pub enum Public {
    Ed25519([u8; 32]),
    P256([u8; 65]),
}

impl Public {
    /// Reads a public key.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = read(path)?;
        let refused = || {
            Failure::usage(format!(
                "{} is not a public key, Ed25519 or P-256: `pintle keyring key --public FILE` writes one",
                path.display()
            ))
        };
        let der = inside(&bytes, "PUBLIC KEY").ok_or_else(refused)?;
        PublicKey::from_spki(&der).map(Self::from).ok_or_else(refused)
    }

    pub const fn borrowed(&self) -> PublicKey<'_> {
        match self {
            Self::Ed25519(key) => PublicKey::Ed25519(key),
            Self::P256(key) => PublicKey::P256(key),
        }
    }

    pub fn id(&self) -> KeyId {
        self.borrowed().id()
    }
}

impl From<PublicKey<'_>> for Public {
    fn from(key: PublicKey<'_>) -> Self {
        match key {
            PublicKey::Ed25519(key) => Self::Ed25519(*key),
            PublicKey::P256(key) => Self::P256(*key),
        }
    }
}

/// What an algorithm is called.
pub const fn algorithm(key: &PublicKey<'_>) -> &'static str {
    match key {
        PublicKey::Ed25519(_) => "ed25519",
        PublicKey::P256(_) => "p256",
    }
}

/// Reads all the public keys.
pub fn read_publics(paths: &[std::path::PathBuf]) -> Result<Vec<Public>, Failure> {
    paths.iter().map(|path| Public::read(path)).collect()
}

/// Reads a private key.
pub fn read_signer(path: &Path) -> Result<AwsLcSigner, Failure> {
    let bytes = read(path)?;
    let der = inside(&bytes, "PRIVATE KEY");
    der.and_then(|der| AwsLcSigner::from_pkcs8(&der)).ok_or_else(|| {
        Failure::usage(format!(
            "{} is not a signing key: PKCS#8 without a passphrase, Ed25519 or P-256",
            path.display()
        ))
    })
}

/// The same for several; a key that is named twice signs once.
pub fn read_signers(paths: &[std::path::PathBuf]) -> Result<Vec<AwsLcSigner>, Failure> {
    let mut signers: Vec<AwsLcSigner> = Vec::new();
    for path in paths {
        let signer = read_signer(path)?;
        if !signers.iter().any(|one| one.public_key() == signer.public_key()) {
            signers.push(signer);
        }
    }
    Ok(signers)
}

/// The bytes of a new private key, and its public half.
pub fn make(p256: bool) -> Result<(NewKey, Public), Failure> {
    let new = if p256 { NewKey::p256() } else { NewKey::ed25519() };
    let made = new.and_then(|new| {
        let public = Public::from(AwsLcSigner::from_pkcs8(new.expose())?.public_key());
        Some((new, public))
    });
    made.ok_or_else(|| Failure::failed("the system gave no randomness to make a key from"))
}

/// The DER in a file that may be text.
fn inside(bytes: &[u8], label: &str) -> Option<Zeroizing<Vec<u8>>> {
    if !pem::is_pem(bytes) {
        return Some(Zeroizing::new(bytes.to_vec()));
    }
    let blocks = pem::blocks(std::str::from_utf8(bytes).ok()?);
    blocks.into_iter().find(|block| block.label == label)?.der
}
