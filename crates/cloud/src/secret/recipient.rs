//! The public key that secrets for a person are sealed to: RSA of 3072 bits or more, X25519, or P-256.
//!
//! It is read from what people have, SPKI (RFC 5280) as PEM or DER, or the line of an SSH-RSA key (RFC 4253), and is
//! kept in the one form of its SPKI, whose SHA-256 is its fingerprint.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rsa::PublicEncryptingKey;

use super::ssh;
use crate::der::{self, BIT_STRING, OBJECT_ID, SEQUENCE};
use crate::pem;

/// The fewest bits of an RSA key.
const MIN_BITS: usize = 3072;
/// The most bits of an RSA key that the cryptographic library takes.
const MAX_BITS: usize = 8192;
/// `id-X25519` (RFC 8410).
pub(super) const X25519: &[u8] = &[0x2b, 0x65, 0x6e];
/// The parameters of `rsaEncryption`.
pub(super) const NULL: &[u8] = &[5, 0];
/// No file with a public key is larger, in bytes.
const LARGEST: usize = 16 * 1024;

/// What a key is for sealing with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// OAEP with SHA-256.
    Rsa {
        /// Bits of its modulus.
        bits: usize,
    },
    /// HPKE with X25519.
    X25519,
    /// HPKE with P-256.
    P256,
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits } => write!(out, "rsa-{bits}"),
            Self::X25519 => out.write_str("x25519"),
            Self::P256 => out.write_str("p256"),
        }
    }
}

/// SHA-256 of a key's SPKI. Two people compare it aloud, so it prints in groups of eight hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// 64 hex digits in one piece, for addresses and files.
    #[must_use]
    pub fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            let gap = if index > 0 && index % 4 == 0 { " " } else { "" };
            write!(out, "{gap}{byte:02x}")?;
        }
        Ok(())
    }
}

impl FromStr for Fingerprint {
    type Err = NotAKey;

    /// Takes it with or without the gaps, in any case.
    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let mut digits = text.chars().filter(|c| !c.is_whitespace() && *c != ':');
        let mut bytes = [0; 32];
        for byte in &mut bytes {
            let (high, low) = digits.next().zip(digits.next()).ok_or(NotAKey::Fingerprint)?;
            let (high, low) =
                high.to_digit(16).zip(low.to_digit(16)).ok_or(NotAKey::Fingerprint)?;
            *byte = u8::try_from(high << 4 | low).map_err(|_| NotAKey::Fingerprint)?;
        }
        if digits.next().is_some() { Err(NotAKey::Fingerprint) } else { Ok(Self(bytes)) }
    }
}

/// Why something is no key to seal to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAKey {
    /// There is no key in it.
    #[error("no public key: SPKI (PEM or DER) or an ssh-rsa line is taken")]
    NoKey,
    /// It is the half that must not be shown.
    #[error("this is a private key, which nobody but you may have: name the public one")]
    Private,
    /// An algorithm that does not seal.
    #[error("secrets cannot be sealed to this kind of key: RSA, X25519 or P-256 is taken")]
    Algorithm,
    /// An RSA key of another size.
    #[error("this RSA key has {bits} bits: {MIN_BITS} to {MAX_BITS} are taken")]
    Size {
        /// Bits of its modulus.
        bits: usize,
    },
    /// The cryptographic library found a fault in it.
    #[error("this key is damaged, or nobody should use it")]
    Refused,
    /// Not 64 hex digits.
    #[error("a fingerprint has 64 hex digits")]
    Fingerprint,
    /// A private key that is locked.
    #[error(
        "this private key is locked with a passphrase: unlock a copy, for example with `ssh-keygen -p -m PKCS8`"
    )]
    Locked,
    /// A private key in OpenSSH's own form.
    #[error(
        "this private key is in OpenSSH's own form: make a copy as PKCS#8 with `ssh-keygen -p -m PKCS8 -f COPY`"
    )]
    OpenSsh,
}

/// A key that was read, and that secrets can be sealed to.
#[derive(Clone, PartialEq, Eq)]
pub struct RecipientKey {
    kind: Kind,
    spki: Vec<u8>,
    /// What HPKE wants: 32 bytes, or an uncompressed point. Empty for RSA.
    raw: Vec<u8>,
}

impl RecipientKey {
    /// Reads PEM, DER or an SSH-RSA line.
    pub fn read(bytes: &[u8]) -> Result<Self, NotAKey> {
        if bytes.len() > LARGEST {
            return Err(NotAKey::NoKey);
        }
        if let Some(line) = ssh::line(bytes) {
            let (modulus, exponent) = ssh::rsa_public(line).ok_or(NotAKey::Algorithm)?;
            return Self::from_rsa(&modulus, &exponent);
        }
        if !pem::is_pem(bytes) {
            return Self::from_spki(bytes);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| NotAKey::NoKey)?;
        let blocks = pem::blocks(text);
        let public = blocks.iter().find(|block| block.label.ends_with("PUBLIC KEY"));
        match public.or(blocks.first()).map(|block| (block.label, block.der.as_ref())) {
            Some(("PUBLIC KEY", Some(der))) => Self::from_spki(der),
            Some(("RSA PUBLIC KEY", Some(der))) => Self::from_pkcs1(der),
            Some((label, _)) if label.ends_with("PRIVATE KEY") => Err(NotAKey::Private),
            _ => Err(NotAKey::NoKey),
        }
    }

    /// Reads SPKI as DER.
    pub fn from_spki(bytes: &[u8]) -> Result<Self, NotAKey> {
        let parts = der::only(bytes, SEQUENCE).and_then(|fields| {
            let (algorithm, after) = der::element(fields, SEQUENCE)?;
            let (name, parameters) = der::element(algorithm, OBJECT_ID)?;
            let key = der::only(after, BIT_STRING)?.strip_prefix(&[0])?;
            Some((name, parameters, key))
        });
        let (name, parameters, key) = parts.ok_or(NotAKey::NoKey)?;
        match name {
            der::RSA if ![NULL, &[]].contains(&parameters) => Err(NotAKey::NoKey),
            der::RSA => Self::from_pkcs1(key),
            X25519 if parameters.is_empty() => Self::from_x25519(key),
            der::EC if der::only(parameters, OBJECT_ID) == Some(der::P256) => Self::from_p256(key),
            _ => Err(NotAKey::Algorithm),
        }
    }

    fn from_pkcs1(bytes: &[u8]) -> Result<Self, NotAKey> {
        let numbers = der::only(bytes, SEQUENCE).and_then(|fields| {
            let (modulus, after) = der::positive(fields)?;
            let (exponent, rest) = der::positive(after)?;
            rest.is_empty().then_some((modulus, exponent))
        });
        let (modulus, exponent) = numbers.ok_or(NotAKey::NoKey)?;
        Self::from_rsa(modulus, exponent)
    }

    /// From a modulus and an exponent, without leading zeros.
    pub(super) fn from_rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, NotAKey> {
        let bits = der::bits(modulus);
        if !(MIN_BITS..=MAX_BITS).contains(&bits) {
            return Err(NotAKey::Size { bits });
        }
        // The library takes exponents of up to 33 bits; smaller ones than 65537 are of another time.
        if der::bits(exponent) < 17 {
            return Err(NotAKey::Refused);
        }
        let key = der::sequence(&[der::integer(modulus), der::integer(exponent)]);
        let algorithm = der::sequence(&[der::write(OBJECT_ID, &[der::RSA]), NULL.to_vec()]);
        let spki = der::sequence(&[algorithm, der::write(BIT_STRING, &[&[0], &key])]);
        PublicEncryptingKey::from_der(&spki).map_err(|_| NotAKey::Refused)?;
        Ok(Self { kind: Kind::Rsa { bits }, spki, raw: Vec::new() })
    }

    pub(super) fn from_x25519(key: &[u8]) -> Result<Self, NotAKey> {
        if key.len() != 32 {
            return Err(NotAKey::NoKey);
        }
        let algorithm = der::sequence(&[der::write(OBJECT_ID, &[X25519])]);
        let spki = der::sequence(&[algorithm, der::write(BIT_STRING, &[&[0], key])]);
        Ok(Self { kind: Kind::X25519, spki, raw: key.to_vec() })
    }

    /// Whether the point is on the curve is looked at when something is sealed to it.
    pub(super) fn from_p256(point: &[u8]) -> Result<Self, NotAKey> {
        if point.len() != 65 || point.first() != Some(&4) {
            return Err(NotAKey::NoKey);
        }
        let names = [der::write(OBJECT_ID, &[der::EC]), der::write(OBJECT_ID, &[der::P256])];
        let spki = der::sequence(&[der::sequence(&names), der::write(BIT_STRING, &[&[0], point])]);
        Ok(Self { kind: Kind::P256, spki, raw: point.to_vec() })
    }

    /// What it is for sealing with.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its one form: SPKI as DER.
    #[must_use]
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The same as text.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem::write("PUBLIC KEY", &self.spki)
    }

    /// What two people compare.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let mut bytes = [0; 32];
        for (to, from) in bytes.iter_mut().zip(digest(&SHA256, &self.spki).as_ref()) {
            *to = *from;
        }
        Fingerprint(bytes)
    }

    pub(super) fn raw(&self) -> &[u8] {
        &self.raw
    }
}
