//! The cloud's key: one RSA-2048 pair that opens the blocks of devices and signs the answers to them.
//!
//! It cannot be two keys, because a device holds one. That makes a way to tell good padding from bad worth more here
//! than the block inside is: whoever has one can sign. So [`CloudKey::open`] tells nobody but its caller, and its
//! caller in a [`Choice`].

use crate::key_file::{self, EXPONENT};
use crate::{CloudPublicKey, KeyError, padding};
use openssl::bn::BigNum;
use openssl::error::ErrorStack;
use openssl::pkey::{Private, Public};
use openssl::rsa::{Padding, Rsa};
use pintle_protocol::tcp::{
    BLOCK, CLAIM, ClaimBytes, CloudRsa, Credentials, DevicePublicKey, RsaError,
};
use subtle::Choice;
use zeroize::Zeroizing;

const BITS: u32 = 2048;
const SIGNATURE: usize = 256;
const SEALED: usize = 128;
const MAC: usize = 20;

/// The cloud's private key. Shared by reference between the threads of a pool.
pub struct CloudKey {
    key: Rsa<Private>,
    public: CloudPublicKey,
}

impl CloudKey {
    /// Makes a key: some tenths of a second of work.
    ///
    /// # Errors
    /// [`KeyError::Library`] without randomness.
    pub fn generate() -> Result<Self, KeyError> {
        Self::of(Rsa::generate(BITS)?)
    }

    /// Reads PEM or DER, in the form of PKCS#1 or PKCS#8; bytes behind DER, as a dump of a device's flash has them,
    /// are ignored. The numbers are checked against each other, which takes some tenths of a second.
    ///
    /// # Errors
    /// [`KeyError`] says what is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Self, KeyError> {
        Self::of(key_file::read_private(bytes, BITS)?)
    }

    /// PKCS#1, to be kept where nobody reads it.
    ///
    /// # Errors
    /// [`KeyError::Library`] without memory.
    pub fn to_der(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        Ok(Zeroizing::new(self.key.private_key_to_der()?))
    }

    /// What is pinned in devices.
    #[must_use]
    pub const fn public(&self) -> &CloudPublicKey {
        &self.public
    }

    fn of(key: Rsa<Private>) -> Result<Self, KeyError> {
        let public = CloudPublicKey::of(&key)?;
        Ok(Self { key, public })
    }

    /// The private operation, blinded; `None` for what is no number below the modulus, or without memory.
    fn apply(&self, block: &[u8; BLOCK]) -> Option<Zeroizing<[u8; BLOCK]>> {
        // Both are public, so this may take whatever time it takes.
        if block >= self.public.modulus() {
            return None;
        }
        let mut out = Zeroizing::new([0; BLOCK]);
        let length = self.key.private_decrypt(block, out.as_mut_slice(), Padding::NONE).ok()?;
        (length == BLOCK).then_some(out)
    }
}

impl CloudRsa for CloudKey {
    fn open(&self, block: &[u8; BLOCK], rejected: &[u8; CLAIM]) -> ClaimBytes {
        let Some(opened) = self.apply(block) else {
            return ClaimBytes { bytes: Zeroizing::new(*rejected), valid: Choice::from(0) };
        };
        let (bytes, valid) = padding::remove(&opened, rejected);
        ClaimBytes { bytes, valid }
    }

    fn seal(
        &self,
        to: &DevicePublicKey,
        credentials: &Credentials,
    ) -> Result<[u8; SEALED], RsaError> {
        let mut out = [0; SEALED];
        device_key(to)
            .and_then(|key| key.public_encrypt(credentials.as_bytes(), &mut out, Padding::PKCS1))
            .map_err(|_| RsaError)?;
        Ok(out)
    }

    fn sign(&self, mac: &[u8; MAC]) -> Result<[u8; SIGNATURE], RsaError> {
        let mut out = [0; SIGNATURE];
        self.key.private_encrypt(mac, &mut out, Padding::PKCS1).map_err(|_| RsaError)?;
        Ok(out)
    }
}

fn device_key(key: &DevicePublicKey) -> Result<Rsa<Public>, ErrorStack> {
    Rsa::from_public_components(BigNum::from_slice(key.modulus())?, BigNum::from_u32(EXPONENT)?)
}
