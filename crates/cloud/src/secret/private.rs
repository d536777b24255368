//! The private half, on the recipient's machine: made here (X25519), or an RSA, X25519 or P-256 key that is there.
//!
//! PKCS#8 (RFC 5208, RFC 8410) and PKCS#1 are read, as PEM or DER, without a passphrase.

use aws_lc_rs::agreement::{self, ECDH_P256};
use aws_lc_rs::encoding::{AsBigEndian as _, AsDer as _, Curve25519SeedBin, EcPrivateKeyBin};
use aws_lc_rs::rsa::PrivateDecryptingKey;
use zeroize::Zeroizing;

use super::recipient::{NULL, X25519};
use super::{NotAKey, RecipientKey, SecretError};
use crate::der::{self, INTEGER, OBJECT_ID, OCTET_STRING, SEQUENCE};
use crate::pem;

/// `PrivateKeyInfo` before the 32 bytes of an X25519 key (RFC 8410 section 7).
const X25519_HEAD: &[u8] = &[
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20,
];

pub(super) enum Secret {
    Rsa(PrivateDecryptingKey),
    /// What HPKE wants: the scalar.
    X25519(Zeroizing<Vec<u8>>),
    P256(Zeroizing<Vec<u8>>),
}

/// A private key. Not printable; HPKE keys are wiped when dropped.
pub struct PrivateKey {
    pub(super) secret: Secret,
    public: RecipientKey,
}

impl PrivateKey {
    /// A new X25519 key.
    pub fn generate() -> Result<Self, SecretError> {
        let refused = |_| SecretError::Refused;
        let key = agreement::PrivateKey::generate(&agreement::X25519).map_err(refused)?;
        let seed: Curve25519SeedBin<'_> = key.as_be_bytes().map_err(refused)?;
        Self::x25519(seed.as_ref()).map_err(|_| SecretError::Refused)
    }

    /// Its PKCS#8 form as text, for a key that [`PrivateKey::generate`] made.
    #[must_use]
    pub fn to_pem(&self) -> Option<Zeroizing<String>> {
        let Secret::X25519(seed) = &self.secret else { return None };
        let der = Zeroizing::new([X25519_HEAD, seed].concat());
        Some(Zeroizing::new(pem::write("PRIVATE KEY", &der)))
    }

    /// Reads PEM or DER.
    pub fn read(bytes: &[u8]) -> Result<Self, NotAKey> {
        if !pem::is_pem(bytes) {
            return Self::from_pkcs8(bytes);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| NotAKey::NoKey)?;
        let blocks = pem::blocks(text);
        let block = blocks.iter().find(|block| block.label.ends_with("PRIVATE KEY"));
        let block = block.ok_or(NotAKey::NoKey)?;
        match (block.label, block.der.as_ref()) {
            ("OPENSSH PRIVATE KEY", _) => Err(NotAKey::OpenSsh),
            _ if block.is_locked => Err(NotAKey::Locked),
            ("PRIVATE KEY", Some(der)) => Self::from_pkcs8(der),
            ("RSA PRIVATE KEY", Some(der)) => Self::from_pkcs8(&in_pkcs8(der)),
            ("EC PRIVATE KEY", Some(der)) => Self::p256(der),
            _ => Err(NotAKey::NoKey),
        }
    }

    fn from_pkcs8(bytes: &[u8]) -> Result<Self, NotAKey> {
        let parts = der::only(bytes, SEQUENCE).and_then(|fields| {
            let (_, after) = der::element(fields, INTEGER)?;
            let (algorithm, after) = der::element(after, SEQUENCE)?;
            let (name, _) = der::element(algorithm, OBJECT_ID)?;
            let (key, _) = der::element(after, OCTET_STRING)?;
            Some((name, key))
        });
        match parts.ok_or(NotAKey::NoKey)? {
            (der::RSA, _) => Self::rsa(bytes),
            (X25519, key) => Self::x25519(der::only(key, OCTET_STRING).ok_or(NotAKey::NoKey)?),
            (der::EC, _) => Self::p256(bytes),
            _ => Err(NotAKey::Algorithm),
        }
    }

    fn rsa(pkcs8: &[u8]) -> Result<Self, NotAKey> {
        let key = PrivateDecryptingKey::from_pkcs8(pkcs8).map_err(|_| NotAKey::Refused)?;
        let spki = key.public_key().as_der().map_err(|_| NotAKey::Refused)?;
        let public = RecipientKey::from_spki(spki.as_ref())?;
        Ok(Self { secret: Secret::Rsa(key), public })
    }

    fn x25519(seed: &[u8]) -> Result<Self, NotAKey> {
        let key = agreement::PrivateKey::from_private_key(&agreement::X25519, seed);
        let public = key.map_err(|_| NotAKey::Refused)?.compute_public_key();
        let public = RecipientKey::from_x25519(public.map_err(|_| NotAKey::Refused)?.as_ref())?;
        Ok(Self { secret: Secret::X25519(Zeroizing::new(seed.to_vec())), public })
    }

    /// Of PKCS#8 or of an `ECPrivateKey` (RFC 5915).
    fn p256(der: &[u8]) -> Result<Self, NotAKey> {
        let key = agreement::PrivateKey::from_private_key_der(&ECDH_P256, der);
        let key = key.map_err(|_| NotAKey::Algorithm)?;
        let public = key.compute_public_key().map_err(|_| NotAKey::Refused)?;
        let scalar: EcPrivateKeyBin<'_> = key.as_be_bytes().map_err(|_| NotAKey::Refused)?;
        let secret = Secret::P256(Zeroizing::new(scalar.as_ref().to_vec()));
        Ok(Self { secret, public: RecipientKey::from_p256(public.as_ref())? })
    }

    /// The half that others seal to.
    #[must_use]
    pub fn public(&self) -> &RecipientKey {
        &self.public
    }
}

/// An `RSAPrivateKey` (RFC 8017) as PKCS#8.
fn in_pkcs8(key: &[u8]) -> Zeroizing<Vec<u8>> {
    let algorithm = der::sequence(&[der::write(OBJECT_ID, &[der::RSA]), NULL.to_vec()]);
    let inner = Zeroizing::new(der::write(OCTET_STRING, &[key]));
    Zeroizing::new(der::write(SEQUENCE, &[&[INTEGER, 1, 0], &algorithm, &inner]))
}
