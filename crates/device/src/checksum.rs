//! Short checksums by which a device sees that what it last told the cloud has changed. Not for secrets.

use aws_lc_rs::digest::{SHA256, digest};

/// The first 16 bytes of a SHA-256.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Checksum([u8; Checksum::LENGTH]);

impl Checksum {
    pub(crate) const LENGTH: usize = 16;

    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut checksum = [0; Self::LENGTH];
        for (place, byte) in checksum.iter_mut().zip(digest(&SHA256, bytes).as_ref()) {
            *place = *byte;
        }
        Self(checksum)
    }

    pub(crate) const fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}
