//! The cloud's private keys for devices: made new, or taken over from a server that devices have pinned.
//!
//! What is taken over is checked whole and kept in one form, whatever form it came in. A device trusts the key that it
//! has, so a key that is here already is never replaced.

use aws_lc_rs::encoding::{AsDer, EcPrivateKeyRfc5915Der, PublicKeyX509Der};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use pintle_dtls::PublicKey;
use std::path::Path;
use zeroize::Zeroizing;

use super::{
    InitError, TCP_KEY_FILE, TCP_PUBLIC_FILE, TCP_PUBLIC_PEM_FILE, UDP_KEY_FILE, UDP_PUBLIC_FILE,
    UDP_PUBLIC_PEM_FILE, key_file,
};
use crate::pem;
use crate::private_file::Readers;

/// The keys that a new data folder begins with.
#[derive(Default)]
pub struct CloudKeys {
    /// For devices on UDP; a new one where none is given.
    pub udp: Option<UdpKey>,
    /// For devices on the TCP service; none where none is given.
    pub tcp: Option<TcpKey>,
}

/// The cloud's P-256 key for devices on UDP. Not printable.
pub struct UdpKey {
    private: Zeroizing<Vec<u8>>,
    public: PublicKey,
}

impl UdpKey {
    /// A new one.
    ///
    /// # Errors
    /// [`InitError::Crypto`].
    pub fn generate() -> Result<Self, InitError> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING);
        Self::of(&pair.map_err(|_| InitError::Crypto)?)
    }

    /// The key of another server, from a PEM or DER file (SEC 1 or PKCS#8).
    ///
    /// # Errors
    /// [`InitError::Key`]: what is wrong with it.
    pub fn import(path: &Path) -> Result<Self, InitError> {
        let bytes = key_file::read(path);
        let key = bytes.and_then(|bytes| Self::read(&bytes));
        key.map_err(|why| InitError::Key { path: path.to_owned(), why })
    }

    /// The key in the content of such a file.
    ///
    /// # Errors
    /// What is wrong with it, for a person.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        Self::of(&key_file::p256(bytes)?).map_err(|error| error.to_string())
    }

    fn of(pair: &EcdsaKeyPair) -> Result<Self, InitError> {
        let private: EcPrivateKeyRfc5915Der<'_> =
            pair.private_key().as_der().map_err(|_| InitError::Crypto)?;
        let public: PublicKeyX509Der<'_> =
            pair.public_key().as_der().map_err(|_| InitError::Crypto)?;
        let public = PublicKey::from_spki(public.as_ref()).map_err(|_| InitError::Crypto)?;
        Ok(Self { private: Zeroizing::new(private.as_ref().to_vec()), public })
    }

    /// Writes it into a folder that is being made; its fingerprint.
    pub(super) fn write(&self, folder: &Path) -> Result<String, InitError> {
        let spki = self.public.to_spki();
        super::write(folder, UDP_KEY_FILE, Readers::Owner, &self.private)?;
        super::write(folder, UDP_PUBLIC_FILE, Readers::Everyone, &spki)?;
        let text = pem::write("PUBLIC KEY", &spki);
        super::write(folder, UDP_PUBLIC_PEM_FILE, Readers::Everyone, text.as_bytes())?;
        Ok(self.public.fingerprint().to_string())
    }
}

/// The cloud's RSA-2048 key for devices on the TCP service. Not printable.
pub struct TcpKey {
    private: Zeroizing<Vec<u8>>,
    spki: Vec<u8>,
}

impl TcpKey {
    /// A new one. Takes some tenths of a second.
    ///
    /// # Errors
    /// [`InitError::NoTcpKey`].
    pub fn generate() -> Result<Self, InitError> {
        let (private, spki) = key_file::new_rsa().map_err(InitError::NoTcpKey)?;
        Ok(Self { private, spki })
    }

    /// The key of another server, from a PEM or DER file (PKCS#1 or PKCS#8).
    ///
    /// # Errors
    /// [`InitError::Key`]: what is wrong with it.
    pub fn import(path: &Path) -> Result<Self, InitError> {
        let refused = |why: String| InitError::Key { path: path.to_owned(), why };
        let key = key_file::read(path).and_then(|bytes| key_file::rsa(&bytes));
        let (private, spki) = key.map_err(refused)?;
        Ok(Self { private, spki })
    }

    /// Writes it into a folder; its fingerprint. The private half comes last: without it there is no key here, and
    /// the next try writes all of it again.
    pub(super) fn write(&self, folder: &Path) -> Result<String, InitError> {
        let text = pem::write("PUBLIC KEY", &self.spki);
        super::replace(folder, TCP_PUBLIC_FILE, Readers::Everyone, &self.spki)?;
        super::replace(folder, TCP_PUBLIC_PEM_FILE, Readers::Everyone, text.as_bytes())?;
        super::replace(folder, TCP_KEY_FILE, Readers::Owner, &self.private)?;
        Ok(fingerprint(&self.spki))
    }
}

/// SHA-256 in hex.
fn fingerprint(spki: &[u8]) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, spki);
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
