//! Keys as people keep them: PEM or DER; private ones as PKCS#1 or PKCS#8.

use crate::KeyError;
use openssl::bn::{BigNum, BigNumRef};
use openssl::error::ErrorStack;
use openssl::pkey::{HasPublic, PKey, Private, Public};
use openssl::rsa::{Rsa, RsaRef};
use zeroize::Zeroizing;

/// The exponent that every device has compiled in.
pub(crate) const EXPONENT: u32 = 65537;

const PRIVATE: &str = "an RSA private key";
const PUBLIC: &str = "an RSA public key";

/// Reads a private key, checks all of its numbers against each other, and that it has this size and our exponent.
pub(crate) fn read_private(bytes: &[u8], bits: u32) -> Result<Rsa<Private>, KeyError> {
    let key = if is_pem(bytes) { from_pem(bytes)? } else { from_der(bytes)? };
    check_shape(&key, bits)?;
    // A key of more than two primes has smaller ones. The library knows how to use those, but not in equal time.
    let halves = [key.p(), key.q()].map(|prime| prime.is_some_and(|prime| is_half(prime, bits)));
    if halves != [true, true] || !key.check_key().unwrap_or(false) {
        return Err(KeyError::Inconsistent);
    }
    Ok(key)
}

/// Reads a public key, whatever its numbers are.
pub(crate) fn read_public(bytes: &[u8]) -> Result<Rsa<Public>, KeyError> {
    let key = if is_pem(bytes) {
        Rsa::public_key_from_pem(bytes).or_else(|_| Rsa::public_key_from_pem_pkcs1(bytes))
    } else {
        Rsa::public_key_from_der(bytes).or_else(|_| Rsa::public_key_from_der_pkcs1(bytes))
    };
    key.map_err(|_| KeyError::NotAKey { wanted: PUBLIC })
}

/// Whether a key has this size and our exponent.
pub(crate) fn check_shape<T: HasPublic>(key: &RsaRef<T>, bits: u32) -> Result<(), KeyError> {
    let found = key.n().num_bits().unsigned_abs();
    if found != bits {
        return Err(KeyError::Size { found, wanted: bits });
    }
    if *key.e() != *BigNum::from_u32(EXPONENT)? {
        return Err(KeyError::Exponent { found: digits(key.e())? });
    }
    Ok(())
}

/// Whether this is text, rather than DER.
pub(crate) fn is_pem(bytes: &[u8]) -> bool {
    bytes.windows(11).any(|window| window == b"-----BEGIN ")
}

/// A number for a person.
pub(crate) fn digits(number: &BigNumRef) -> Result<String, ErrorStack> {
    if number.num_bits() <= 64 {
        return number.to_dec_str().map(|digits| digits.to_string());
    }
    number.to_hex_str().map(|digits| format!("0x{}", digits.to_lowercase()))
}

fn from_pem(text: &[u8]) -> Result<Rsa<Private>, KeyError> {
    if contains(text, b"ENCRYPTED") {
        return Err(KeyError::Encrypted);
    }
    // Without a callback of ours the library would ask for a password at the terminal.
    let key = Rsa::private_key_from_pem_callback(text, |_| Ok(0));
    plain(key.map_err(|_| KeyError::NotAKey { wanted: PRIVATE })?)
}

fn from_der(der: &[u8]) -> Result<Rsa<Private>, KeyError> {
    if let Ok(key) = Rsa::private_key_from_der(der) {
        return Ok(key);
    }
    let key = PKey::private_key_from_pkcs8(der).and_then(|key| key.rsa());
    plain(key.map_err(|_| KeyError::NotAKey { wanted: PRIVATE })?)
}

/// The same key without what the library keeps of where it came from, so that all of them run through the same code.
fn plain(key: Rsa<Private>) -> Result<Rsa<Private>, KeyError> {
    let der = Zeroizing::new(key.private_key_to_der()?);
    Ok(Rsa::private_key_from_der(&der)?)
}

fn is_half(prime: &BigNumRef, bits: u32) -> bool {
    prime.num_bits().unsigned_abs() == bits / 2
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|window| window == word)
}
