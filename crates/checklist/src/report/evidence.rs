//! What was seen, as files beside the report.

use crate::scene::Room;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A file of evidence: what one room ran, and what came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Where it was looked.
    pub room: Room,
    /// The file, from the folder of the report.
    pub path: String,
    /// Its SHA-256, in hex.
    pub sha256: String,
    /// Its size.
    pub bytes: usize,
    /// What is in it.
    #[serde(skip)]
    pub content: Vec<u8>,
}

impl Evidence {
    /// What a room saw.
    #[must_use]
    pub fn new(room: Room, content: Vec<u8>) -> Self {
        let sha256 = hex(&Sha256::digest(&content));
        Self { room, path: path(room), sha256, bytes: content.len(), content }
    }
}

/// The file of a room.
pub(super) fn path(room: Room) -> String {
    format!("evidence/{}.json", room.name())
}

/// As lower case hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
