//! The keys of the TCP service: a device's RSA-1024 key as it stands on the wire, and a session's credentials.

use core::fmt;

use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

/// What stands before the modulus in a SubjectPublicKeyInfo of an RSA-1024 key: two sequences, the algorithm, a bit
/// string, and the leading zero of the modulus.
const PREFIX: [u8; 29] = [
    0x30, 0x81, 0x9f, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01,
    0x05, 0x00, 0x03, 0x81, 0x8d, 0x00, 0x30, 0x81, 0x89, 0x02, 0x81, 0x81, 0x00,
];
/// What stands after it: the exponent 65537.
const TAIL: [u8; 5] = [0x02, 0x03, 0x01, 0x00, 0x01];

/// Bytes that are no device's public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the public key of a device: give RSA with 1024 bits and exponent 65537 as 162 bytes of DER")]
pub struct KeyFormError;

/// A device's public key: RSA with a modulus of 1024 bits and the exponent 65537, which is all a device has.
///
/// Only the form is checked here, not what kind of number the modulus is.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DevicePublicKey([u8; Self::SIZE]);

impl DevicePublicKey {
    /// Bytes of the SubjectPublicKeyInfo.
    pub const SIZE: usize = 162;

    /// Reads a SubjectPublicKeyInfo, which must have exactly the form that devices send.
    ///
    /// # Errors
    /// [`KeyFormError`].
    pub fn from_spki(der: &[u8]) -> Result<Self, KeyFormError> {
        let bytes = <[u8; Self::SIZE]>::try_from(der).map_err(|_| KeyFormError)?;
        if bool::from(has_form(&bytes)) { Ok(Self(bytes)) } else { Err(KeyFormError) }
    }

    /// The key with this modulus, whose first bit must be set.
    ///
    /// # Errors
    /// [`KeyFormError`].
    pub fn from_modulus(modulus: &[u8; 128]) -> Result<Self, KeyFormError> {
        let mut bytes = [0; Self::SIZE];
        let parts = PREFIX.iter().chain(modulus).chain(&TAIL);
        bytes.iter_mut().zip(parts).for_each(|(place, byte)| *place = *byte);
        Self::from_spki(&bytes)
    }

    /// The SubjectPublicKeyInfo.
    #[must_use]
    pub const fn as_spki(&self) -> &[u8; Self::SIZE] {
        &self.0
    }

    /// The modulus, most significant byte first.
    #[must_use]
    pub fn modulus(&self) -> &[u8; 128] {
        const NONE: &[u8; 128] = &[0; 128];
        // The size is fixed, so there always is one.
        self.0.get(PREFIX.len()..).and_then(<[u8]>::first_chunk).unwrap_or(NONE)
    }
}

/// Whether these bytes have a device's public key's form, in the same time whatever they are.
pub(super) fn has_form(spki: &[u8; DevicePublicKey::SIZE]) -> Choice {
    let (prefix, rest) = spki.split_at(PREFIX.len());
    let (modulus, tail) = rest.split_at(rest.len() - TAIL.len());
    let top = modulus.first().map_or(0, |byte| byte >> 7);
    prefix.ct_eq(&PREFIX) & tail.ct_eq(&TAIL) & Choice::from(top)
}

impl fmt::Debug for DevicePublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DevicePublicKey(")?;
        self.modulus().iter().take(4).try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str("..)")
    }
}

/// What a cloud makes up for one session and only its device can read: a key, a first vector and a salt.
#[derive(Clone)]
pub struct Credentials(Zeroizing<[u8; Self::SIZE]>);

impl Credentials {
    /// Bytes of credentials.
    pub const SIZE: usize = 40;

    /// Credentials of these bytes, which must be random and never used before.
    #[must_use]
    pub const fn new(bytes: Zeroizing<[u8; Self::SIZE]>) -> Self {
        Self(bytes)
    }

    /// The bytes, to be encrypted to the device.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; Self::SIZE] {
        &self.0
    }
}
