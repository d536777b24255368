//! Public keys as files hold them: SubjectPublicKeyInfo, in the one DER form that each algorithm has (RFC 8410,
//! section 4; RFC 5480, section 2). Text around it (PEM) is for others.

use super::{ES256, PublicKey};
#[cfg(feature = "alloc")]
use alloc::vec::Vec;

/// All that comes before the 32 bytes of an Ed25519 key.
const ED25519: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// All that comes before the 65 bytes of a point of P-256.
const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

impl<'a> PublicKey<'a> {
    /// The key of a SubjectPublicKeyInfo in DER: Ed25519, or a point of P-256 that is not compressed.
    #[must_use]
    pub fn from_spki(der: &'a [u8]) -> Option<Self> {
        if let Some(key) = der.strip_prefix(&ED25519) {
            return key.try_into().ok().map(Self::Ed25519);
        }
        Self::new(ES256, der.strip_prefix(&P256)?)
    }

    /// Its SubjectPublicKeyInfo in DER.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn to_spki(&self) -> Vec<u8> {
        let before: &[u8] = match self {
            Self::Ed25519(_) => &ED25519,
            Self::P256(_) => &P256,
        };
        [before, self.as_bytes()].concat()
    }
}
