//! The device's side: its own RSA-1024 key and the cloud's public key that is pinned in it.

use crate::{CloudPublicKey, KeyError, key_file, padding};
use openssl::pkey::Private;
use openssl::rsa::{Padding, Rsa};
use pintle_protocol::tcp::{BLOCK, CLAIM, DevicePublicKey, DeviceRsa, RsaError};
use zeroize::Zeroizing;

const BITS: u32 = 1024;
const SEALED: usize = 128;
const CREDENTIALS: usize = 40;
const MAC: usize = 20;

/// A device's private key.
pub struct DeviceKey {
    key: Rsa<Private>,
    public: DevicePublicKey,
}

impl DeviceKey {
    /// Makes a key, as a device does when its flash has none.
    ///
    /// # Errors
    /// [`KeyError::Library`] without randomness.
    pub fn generate() -> Result<Self, KeyError> {
        Self::of(Rsa::generate(BITS)?)
    }

    /// Reads PEM or DER, in the form of PKCS#1 (a device's own, with its needless leading zeros) or PKCS#8; bytes
    /// behind DER, as a dump of flash has them, are ignored.
    ///
    /// # Errors
    /// [`KeyError`] says what is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Self, KeyError> {
        Self::of(key_file::read_private(bytes, BITS)?)
    }

    /// Takes what [`DeviceKey::to_der`] gave, and its public half, without the checks of [`DeviceKey::read`], which take
    /// far longer than using the key. For keys of one's own making.
    ///
    /// # Errors
    /// [`KeyError`] if it is no key at all.
    pub fn trusted(der: &[u8], public: &DevicePublicKey) -> Result<Self, KeyError> {
        let key = Rsa::private_key_from_der(der)
            .map_err(|_| KeyError::NotAKey { wanted: "an RSA private key" })?;
        Ok(Self { key, public: *public })
    }

    /// PKCS#1 DER. As in a device's flash, the modulus stands from byte 11 on.
    ///
    /// # Errors
    /// [`KeyError::Library`] without memory.
    pub fn to_der(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        Ok(Zeroizing::new(self.key.private_key_to_der()?))
    }

    /// What is pinned in the cloud.
    #[must_use]
    pub const fn public(&self) -> &DevicePublicKey {
        &self.public
    }

    fn of(key: Rsa<Private>) -> Result<Self, KeyError> {
        let spki = key.public_key_to_der()?;
        let public = DevicePublicKey::from_spki(&spki).map_err(|_| KeyError::Inconsistent)?;
        Ok(Self { key, public })
    }
}

/// What a device brings to a handshake.
pub struct DeviceSide {
    /// Its own key.
    pub key: DeviceKey,
    /// The cloud's, pinned.
    pub cloud: CloudPublicKey,
}

impl DeviceRsa for DeviceSide {
    fn public(&self) -> DevicePublicKey {
        self.key.public
    }

    fn seal_block(&self, block: &[u8; CLAIM]) -> Result<[u8; BLOCK], RsaError> {
        self.cloud.seal(block)
    }

    fn open(&self, ciphertext: &[u8; SEALED]) -> Result<Zeroizing<[u8; CREDENTIALS]>, RsaError> {
        let mut opened = Zeroizing::new([0; SEALED]);
        let key = &self.key.key;
        key.private_decrypt(ciphertext, opened.as_mut_slice(), Padding::NONE)
            .map_err(|_| RsaError)?;
        let (credentials, valid) = padding::remove(&opened, &[0; CREDENTIALS]);
        if valid.into() { Ok(credentials) } else { Err(RsaError) }
    }

    fn verify(&self, mac: &[u8; MAC], signature: &[u8; BLOCK]) -> bool {
        self.cloud.verify(mac, signature)
    }
}
