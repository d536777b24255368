//! Verifies keyrings and releases anew, with nothing but what was signed and the hash of the file.

use crate::survey::{Firmware, Keyring, Product};
use pintle_firmware::release::{Envelope, Keyring as Ring, ReleaseFault, Role, Time};
use pintle_firmware::signature::{AwsLc, PublicKey};
use serde::Serialize;

/// A firmware, and who vouched for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Image {
    /// Its version.
    pub version: u16,
    /// The SHA-256 of its file, in hex.
    pub sha256: String,
    /// What a device reports of it, where that is another hash, in hex.
    pub reported: Option<String>,
    /// Whether it is released to anybody now.
    pub released: bool,
    /// Who signed it, or why nobody did.
    pub signed: Result<Signed, String>,
    /// What is wrong with its file in the store.
    pub fault: Option<String>,
}

/// Signatures that hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Signed {
    /// How many release keys.
    pub releasers: u8,
    /// The short names of the review keys.
    pub reviewers: Vec<String>,
    /// When it stops counting, in seconds since 1970.
    pub expiry: u64,
}

/// A product's firmware, each verified.
pub(super) fn images(product: &Product) -> Vec<Image> {
    let image = |firmware: &Firmware| Image {
        version: firmware.version,
        sha256: firmware.sha256.clone(),
        reported: firmware.module_sha256.clone(),
        released: firmware.is_released(),
        signed: signed(product, firmware),
        fault: firmware.fault.clone(),
    };
    product.firmware.iter().map(image).collect()
}

fn signed(product: &Product, firmware: &Firmware) -> Result<Signed, String> {
    let ring =
        product.keyring.as_ref().ok_or("its product has no keyring, so nobody has to sign")?;
    let statement = firmware.statement.as_ref().ok_or("nobody signed it")?;
    let (ring, statement) = (bytes(&ring.envelope)?, bytes(statement)?);
    verified(product.id, &ring, &statement, firmware)
}

fn verified(
    product: u16,
    ring: &[u8],
    statement: &[u8],
    firmware: &Firmware,
) -> Result<Signed, String> {
    let ring = keyring(product, ring)
        .map_err(|fault| format!("its product's keyring does not hold: {fault}"))?;
    let envelope = Envelope::parse(statement).map_err(|fault| fault.to_string())?;
    // Whether its time is over is another claim.
    let release =
        ring.release(&envelope, &AwsLc, Time::Unknown).map_err(|fault| fault.to_string())?;
    if hex(release.digest.as_bytes()) != firmware.sha256 || release.length != firmware.size {
        return Err("what was signed is about another file".to_owned());
    }
    if release.version != firmware.version {
        return Err(format!("what was signed is about version {}", release.version));
    }
    let reviewers = ring.keys().filter(|key| key.role == Role::Review);
    let reviewers = reviewers.filter(|key| envelope.is_signed_by(&key.public, &AwsLc));
    let mut reviewers: Vec<String> = reviewers.map(|key| id(&key.public)).collect();
    reviewers.sort();
    let releasers = ring.count(&envelope, Role::Release, &AwsLc);
    Ok(Signed { releasers, reviewers, expiry: release.expiry })
}

fn id(key: &PublicKey<'_>) -> String {
    key.id().to_string()
}

fn keyring(product: u16, bytes: &[u8]) -> Result<Ring<'_>, ReleaseFault> {
    let ring = Ring::first(&Envelope::parse(bytes)?, &AwsLc)?;
    match ring.product == product {
        true => Ok(ring),
        false => Err(ReleaseFault::Product { found: ring.product, wanted: product }),
    }
}

/// Why a keyring does not hold: its own root keys have to have signed it.
pub(super) fn keyring_fault(product: u16, told: &Keyring) -> Option<String> {
    let envelope = match bytes(&told.envelope) {
        Ok(envelope) => envelope,
        Err(why) => return Some(why),
    };
    match keyring(product, &envelope) {
        Err(fault) => Some(fault.to_string()),
        Ok(ring) if ring.number != told.number || ring.expiry != told.expiry => {
            Some("the node tells of another keyring than the one that was signed".to_owned())
        }
        Ok(_) => None,
    }
}

fn bytes(hex: &str) -> Result<Vec<u8>, String> {
    let wrong = || "what the node hands over as signed is no hex".to_owned();
    if !hex.len().is_multiple_of(2) || !hex.is_ascii() {
        return Err(wrong());
    }
    let digits = (0..hex.len()).step_by(2).map(|at| hex.get(at..at + 2).unwrap_or_default());
    digits.map(|pair| u8::from_str_radix(pair, 16).map_err(|_| wrong())).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
