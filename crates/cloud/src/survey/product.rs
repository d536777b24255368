//! Products: who has to sign their firmware, and what of it is released.

use serde::Serialize;

/// A product.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the name of each says it")]
pub struct Product {
    pub id: u16,
    pub slug: String,
    pub platform_id: u16,
    pub organization: Option<String>,
    pub owner: Option<String>,
    pub quarantine: bool,
    /// Why nothing of it is released or sent.
    pub locked: Option<String>,
    pub counter: u32,
    pub keyring: Option<Keyring>,
    pub firmware: Vec<Firmware>,
}

/// The keyring in force.
#[derive(Debug, Serialize)]
pub struct Keyring {
    /// Its number.
    pub number: u32,
    /// In seconds since 1970.
    pub expiry: u64,
    /// Of root, release and review keys.
    pub thresholds: [u8; 3],
    /// Its keys.
    pub keys: Vec<KeyringKey>,
    /// As it was signed, in hex.
    pub envelope: String,
}

/// A key of a keyring.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the name of each says it")]
pub struct KeyringKey {
    pub role: &'static str,
    pub id: String,
    pub algorithm: &'static str,
}

/// A firmware.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the name of each says it")]
pub struct Firmware {
    pub version: u16,
    pub size: u32,
    pub sha256: String,
    /// What a device reports of it, where that is another.
    pub module_sha256: Option<String>,
    /// What is wrong with its file.
    pub fault: Option<String>,
    pub uploaded_by: String,
    pub released_at_ms: Option<i64>,
    pub is_default: bool,
    pub groups: Vec<String>,
    /// What was signed about it, in hex.
    pub statement: Option<String>,
}
