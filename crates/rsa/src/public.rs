//! The cloud's public key, as devices have it pinned: 294 bytes of SubjectPublicKeyInfo, of which they use the 256
//! from byte 33 on and take the exponent for granted.

use crate::KeyError;
use crate::key_file::{self, EXPONENT};
use openssl::bn::BigNum;
use openssl::pkey::{HasPublic, Public};
use openssl::rsa::{Padding, Rsa, RsaRef};
use pintle_protocol::tcp::{BLOCK, CLAIM, RsaError};
use subtle::ConstantTimeEq;

const BITS: u32 = 2048;
const MAC: usize = 20;

/// The public half of a [`CloudKey`](crate::CloudKey).
#[derive(Clone)]
pub struct CloudPublicKey {
    key: Rsa<Public>,
    modulus: [u8; BLOCK],
    spki: [u8; Self::SIZE],
}

impl CloudPublicKey {
    /// Bytes of the SubjectPublicKeyInfo.
    pub const SIZE: usize = 294;

    /// Reads a public key of PEM or DER, as SubjectPublicKeyInfo or PKCS#1; bytes behind DER are ignored.
    ///
    /// # Errors
    /// [`KeyError`] says what is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Self, KeyError> {
        Self::of(&*key_file::read_public(bytes)?)
    }

    /// The SubjectPublicKeyInfo, to be written into devices.
    #[must_use]
    pub const fn as_spki(&self) -> &[u8; Self::SIZE] {
        &self.spki
    }

    /// The same for people.
    ///
    /// # Errors
    /// [`KeyError::Library`] without memory.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        let pem = self.key.public_key_to_pem()?;
        Ok(String::from_utf8_lossy(&pem).into_owned())
    }

    /// The modulus, most significant byte first.
    #[must_use]
    pub const fn modulus(&self) -> &[u8; BLOCK] {
        &self.modulus
    }

    pub(crate) fn of<T: HasPublic>(key: &RsaRef<T>) -> Result<Self, KeyError> {
        key_file::check_shape(key, BITS)?;
        let modulus = fixed(key.n().to_vec())?;
        let key = Rsa::from_public_components(
            BigNum::from_slice(&modulus)?,
            BigNum::from_u32(EXPONENT)?,
        )?;
        let spki = fixed(key.public_key_to_der()?)?;
        Ok(Self { key, modulus, spki })
    }

    /// Encrypts a device's block (PKCS#1 v1.5, type 2).
    pub(crate) fn seal(&self, block: &[u8; CLAIM]) -> Result<[u8; BLOCK], RsaError> {
        let mut out = [0; BLOCK];
        self.key.public_encrypt(block, &mut out, Padding::PKCS1).map_err(|_| RsaError)?;
        Ok(out)
    }

    /// Whether this signs exactly these 20 bytes (PKCS#1 v1.5, type 1, without a DigestInfo).
    pub(crate) fn verify(&self, mac: &[u8; MAC], signature: &[u8; BLOCK]) -> bool {
        let mut out = [0; BLOCK];
        let signed = |out: &mut [u8]| self.key.public_decrypt(signature, out, Padding::PKCS1).ok();
        signed(&mut out)
            .and_then(|length| out.get(..length))
            .is_some_and(|text| text.ct_eq(mac).into())
    }
}

/// A key of the right shape always has these sizes.
fn fixed<const N: usize>(bytes: Vec<u8>) -> Result<[u8; N], KeyError> {
    bytes.try_into().map_err(|_| KeyError::Inconsistent)
}
