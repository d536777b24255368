//! Reads a device's public key from what people have: SPKI (RFC 5280) or PKCS#1 (RFC 8017), as DER or PEM.

use super::{DeviceKey, NotADeviceKey};
use crate::der::{self, BIT_STRING, OBJECT_ID, OCTET_STRING, SEQUENCE};
use crate::pem;
use pintle_dtls::PublicKey;
use pintle_protocol::tcp::DevicePublicKey;

/// Bits that a device's modulus has.
const BITS: usize = 1024;
/// The exponent that every device has.
const EXPONENT: &[u8] = &[1, 0, 1];
/// The parameters of `rsaEncryption`, which some leave out.
const NULL: &[u8] = &[5, 0];

pub(super) fn read(bytes: &[u8]) -> Result<DeviceKey, NotADeviceKey> {
    if !pem::is_pem(bytes) {
        return from_der(bytes);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| NotADeviceKey::NoKey)?;
    let blocks = pem::blocks(text);
    // Of several, the public key is the one that is meant.
    let block = blocks.iter().find(|block| block.label.ends_with("PUBLIC KEY"));
    let block = block.or(blocks.first()).ok_or(NotADeviceKey::NoKey)?;
    match (block.label, block.der.as_ref()) {
        ("PUBLIC KEY", Some(der)) => from_der(der),
        ("RSA PUBLIC KEY", Some(der)) => {
            from_pkcs1(der::only(der, SEQUENCE).ok_or(NotADeviceKey::NoKey)?)
        }
        (label, _) if label.ends_with("PRIVATE KEY") => Err(NotADeviceKey::Private),
        ("CERTIFICATE", _) => Err(NotADeviceKey::Certificate),
        _ => Err(NotADeviceKey::NoKey),
    }
}

fn from_der(bytes: &[u8]) -> Result<DeviceKey, NotADeviceKey> {
    let fields = der::only(bytes, SEQUENCE).ok_or(NotADeviceKey::NoKey)?;
    match fields.first() {
        Some(&SEQUENCE) => from_spki(bytes, fields),
        // Two numbers are a public key, a version and more a private one.
        Some(&der::INTEGER) if is_private(fields) => Err(NotADeviceKey::Private),
        Some(&der::INTEGER) => from_pkcs1(fields),
        _ => Err(NotADeviceKey::NoKey),
    }
}

fn is_private(fields: &[u8]) -> bool {
    let after = |version: u8| fields.strip_prefix(&[der::INTEGER, 1, version]);
    let next = after(0).or_else(|| after(1)).and_then(<[u8]>::first);
    next.is_some_and(|tag| [der::INTEGER, OCTET_STRING, SEQUENCE].contains(tag))
}

fn from_spki(bytes: &[u8], fields: &[u8]) -> Result<DeviceKey, NotADeviceKey> {
    let parts = der::element(fields, SEQUENCE).and_then(|(algorithm, after)| {
        let (name, parameters) = der::element(algorithm, OBJECT_ID)?;
        let key = der::only(after, BIT_STRING)?.strip_prefix(&[0])?;
        Some((name, parameters, key))
    });
    let (name, parameters, key) = parts.ok_or(NotADeviceKey::NoKey)?;
    match name {
        der::RSA if ![NULL, &[]].contains(&parameters) => Err(NotADeviceKey::NoKey),
        der::RSA => from_pkcs1(der::only(key, SEQUENCE).ok_or(NotADeviceKey::NoKey)?),
        der::EC if der::only(parameters, OBJECT_ID) != Some(der::P256) => Err(NotADeviceKey::Curve),
        der::EC => PublicKey::from_spki(bytes).map(Into::into).map_err(|_| NotADeviceKey::NoKey),
        _ => Err(NotADeviceKey::Algorithm),
    }
}

fn from_pkcs1(fields: &[u8]) -> Result<DeviceKey, NotADeviceKey> {
    let numbers = der::positive(fields).and_then(|(modulus, after)| {
        let (exponent, rest) = der::positive(after)?;
        rest.is_empty().then_some((modulus, exponent))
    });
    let (modulus, exponent) = numbers.ok_or(NotADeviceKey::NoKey)?;
    let bits = der::bits(modulus);
    if bits != BITS {
        return Err(NotADeviceKey::Size { bits });
    }
    if exponent != EXPONENT {
        return Err(NotADeviceKey::Exponent { exponent: in_words(exponent) });
    }
    let modulus = modulus.try_into().map_err(|_| NotADeviceKey::Size { bits })?;
    DevicePublicKey::from_modulus(modulus).map(Into::into).map_err(|_| NotADeviceKey::Size { bits })
}

/// A number as a person reads it: a long one by its length.
pub(crate) fn in_words(digits: &[u8]) -> String {
    if digits.len() > 8 {
        return format!("a number of {} bits", der::bits(digits));
    }
    digits.iter().fold(0_u64, |sum, digit| sum << 8 | u64::from(*digit)).to_string()
}
