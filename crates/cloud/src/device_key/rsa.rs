//! A device's RSA public key in the one form it has on the wire: 162 bytes of DER SubjectPublicKeyInfo, all fixed
//! but the 128 bytes of the modulus.

use std::fmt;

/// Everything before the modulus: algorithm, bit string, the two sequences' headers.
const PREFIX: [u8; 29] = [
    0x30, 0x81, 0x9f, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01,
    0x05, 0x00, 0x03, 0x81, 0x8d, 0x00, 0x30, 0x81, 0x89, 0x02, 0x81, 0x81, 0x00,
];
/// The exponent 65537.
const TAIL: [u8; 5] = [0x02, 0x03, 0x01, 0x00, 0x01];

/// Bytes of the modulus.
const MODULUS: usize = 128;

/// An RSA public key of 1024 bits with exponent 65537.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RsaPublicKey([u8; Self::SPKI_LENGTH]);

impl RsaPublicKey {
    /// Length of the SubjectPublicKeyInfo form, in bytes.
    pub const SPKI_LENGTH: usize = 162;

    /// From the DER SubjectPublicKeyInfo of exactly 162 bytes; `None` for anything else.
    #[must_use]
    pub fn from_spki(spki: &[u8]) -> Option<Self> {
        let modulus = spki.strip_prefix(&PREFIX)?.strip_suffix(&TAIL)?;
        Self::from_modulus(modulus.try_into().ok()?)
    }

    /// From the modulus, big-endian; `None` where it has less than 1024 bits.
    #[must_use]
    pub fn from_modulus(modulus: &[u8; MODULUS]) -> Option<Self> {
        let [0x80..=0xff, ..] = modulus else { return None };
        let mut spki = [0; Self::SPKI_LENGTH];
        let bytes = PREFIX.iter().chain(modulus).chain(&TAIL);
        spki.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        Some(Self(spki))
    }

    /// The DER SubjectPublicKeyInfo.
    #[must_use]
    pub const fn as_spki(&self) -> &[u8; Self::SPKI_LENGTH] {
        &self.0
    }

    /// The modulus, big-endian.
    #[must_use]
    pub fn modulus(&self) -> [u8; MODULUS] {
        let mut modulus = [0; MODULUS];
        let digits = self.0.iter().skip(PREFIX.len());
        modulus.iter_mut().zip(digits).for_each(|(to, from)| *to = *from);
        modulus
    }
}

impl fmt::Debug for RsaPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.0.iter().skip(PREFIX.len()).take(8);
        write!(f, "RsaPublicKey(modulus ")?;
        start.into_iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        write!(f, "...)")
    }
}
