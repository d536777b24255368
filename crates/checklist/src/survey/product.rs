//! Products: who has to sign their firmware, and what of it is released.

use serde::{Deserialize, Serialize};

/// A product.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// Its number.
    pub id: u16,
    /// Its name in addresses.
    pub slug: String,
    /// The kind of board.
    pub platform_id: u16,
    /// The organisation it is of, by slug.
    pub organization: Option<String>,
    /// Whose it is, where it is no organisation's.
    pub owner: Option<String>,
    /// Whether devices that say they are of it wait for its owner's word.
    pub quarantine: bool,
    /// Why nothing of it is released or sent, if what is in force there was not written by this node.
    pub locked: Option<String>,
    /// The highest security counter that was ever released.
    pub counter: u32,
    /// Who has to sign; `None` where nobody has to.
    pub keyring: Option<Keyring>,
    /// Its firmware, the newest version first.
    pub firmware: Vec<Firmware>,
}

/// The keyring in force.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keyring {
    /// Its number.
    pub number: u32,
    /// When it stops counting, in seconds since 1970.
    pub expiry: u64,
    /// How many root, release and review keys have to sign.
    pub thresholds: [u8; 3],
    /// Its keys.
    pub keys: Vec<KeyringKey>,
    /// As it was signed: a COSE envelope, in hex.
    pub envelope: String,
}

/// A key of a keyring.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyringKey {
    /// `root`, `release` or `review`.
    pub role: String,
    /// Its short name.
    pub id: String,
    /// `ed25519` or `p256`.
    pub algorithm: String,
}

/// A firmware.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Firmware {
    /// Its version in the product.
    pub version: u16,
    /// Its length in bytes.
    pub size: u32,
    /// The SHA-256 of its file, in hex, as written down when it was uploaded.
    pub sha256: String,
    /// The SHA-256 of what a device reports of it, where that is another, in hex.
    pub module_sha256: Option<String>,
    /// What is wrong with the file in the store, if anything: it was unsealed and hashed just now.
    pub fault: Option<String>,
    /// Who uploaded it.
    pub uploaded_by: String,
    /// When it was first released, in milliseconds since 1970.
    pub released_at_ms: Option<i64>,
    /// Whether every device that nothing else is said of gets it.
    pub is_default: bool,
    /// The groups it is released to.
    pub groups: Vec<String>,
    /// What was signed about it: a COSE envelope, in hex.
    pub statement: Option<String>,
}

impl Firmware {
    /// Whether it is released to anybody now.
    #[must_use]
    pub fn is_released(&self) -> bool {
        self.is_default || !self.groups.is_empty()
    }

    /// Whether a device that reports this image runs it.
    #[must_use]
    pub fn is(&self, image: &str) -> bool {
        self.sha256 == image || self.module_sha256.as_deref() == Some(image)
    }
}
