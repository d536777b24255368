//! Public keys and their fingerprints. A key is a P-256 point; on the wire and on disk it is the 91-byte
//! DER SubjectPublicKeyInfo (RFC 5480, RFC 7250), and nothing longer or shorter is taken for one.

pub(crate) mod der;

use crate::error::KeyError;
use core::fmt;
use core::hash::{Hash, Hasher};
use sha2::{Digest, Sha256};

/// Everything of a P-256 SubjectPublicKeyInfo before the point: two OIDs and a bit string header.
const SPKI_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// A P-256 public key: an uncompressed point. That it lies on the curve is checked by the crypto backend
/// whenever it is used.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct PublicKey([u8; 65]);

impl PublicKey {
    /// Length of the SubjectPublicKeyInfo form, in bytes.
    pub const SPKI_LENGTH: usize = 91;

    /// From the DER SubjectPublicKeyInfo of exactly 91 bytes.
    ///
    /// # Errors
    /// [`KeyError::NotP256Spki`] for anything else, trailing bytes included.
    pub fn from_spki(spki: &[u8]) -> Result<Self, KeyError> {
        let point = spki.strip_prefix(&SPKI_PREFIX).ok_or(KeyError::NotP256Spki)?;
        let point: &[u8; 65] = point.try_into().map_err(|_| KeyError::NotP256Spki)?;
        Self::from_point(point).map_err(|_| KeyError::NotP256Spki)
    }

    /// From an uncompressed point.
    ///
    /// # Errors
    /// [`KeyError::NotUncompressed`] when the first byte is not 0x04.
    pub fn from_point(point: &[u8; 65]) -> Result<Self, KeyError> {
        match point {
            [0x04, ..] => Ok(Self(*point)),
            _ => Err(KeyError::NotUncompressed),
        }
    }

    /// The DER SubjectPublicKeyInfo.
    #[must_use]
    pub fn to_spki(&self) -> [u8; Self::SPKI_LENGTH] {
        let mut spki = [0; Self::SPKI_LENGTH];
        let (prefix, point) = spki.split_at_mut(SPKI_PREFIX.len());
        prefix.copy_from_slice(&SPKI_PREFIX);
        point.copy_from_slice(&self.0);
        spki
    }

    /// The uncompressed point.
    #[must_use]
    pub const fn point(&self) -> &[u8; 65] {
        &self.0
    }

    /// SHA-256 of the SubjectPublicKeyInfo.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(Sha256::digest(self.to_spki()).into())
    }
}

impl Hash for PublicKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({:.16})", self.fingerprint())
    }
}

/// The name of a public key: SHA-256 of its SubjectPublicKeyInfo. Shows as lower-case hex.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// A fingerprint that was kept as bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    /// 64 hex digits; a precision shortens it (`{:.16}`).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = f.precision().map_or(self.0.len(), |digits| digits / 2);
        self.0.iter().take(bytes).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::vec::Vec;

    fn key() -> PublicKey {
        let mut point = [7; 65];
        point[0] = 4;
        PublicKey::from_point(&point).unwrap()
    }

    #[test]
    fn a_key_survives_its_spki_form() {
        assert_eq!(PublicKey::from_spki(&key().to_spki()), Ok(key()));
    }

    #[test]
    fn trailing_bytes_after_the_spki_are_refused() {
        let mut spki = Vec::from(key().to_spki());
        spki.push(0);
        assert_eq!(PublicKey::from_spki(&spki), Err(KeyError::NotP256Spki));
        assert_eq!(PublicKey::from_spki(&spki[..90]), Err(KeyError::NotP256Spki));
    }

    #[test]
    fn a_compressed_point_is_refused() {
        assert_eq!(PublicKey::from_point(&[2; 65]), Err(KeyError::NotUncompressed));
    }

    #[test]
    fn a_key_shows_as_the_start_of_its_fingerprint() {
        let shown = format!("{:?}", key());
        assert_eq!(shown.len(), "PublicKey()".len() + 16);
        assert_eq!(format!("{}", key().fingerprint()).len(), 64);
    }
}
