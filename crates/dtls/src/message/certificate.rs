//! Certificate as a raw public key (RFC 7250 3: one SubjectPublicKeyInfo behind a 3-byte length) and
//! CertificateRequest (RFC 5246 7.4.4).

use super::extension::{ECDSA_SHA256, contains_u16};
use crate::key::PublicKey;
use crate::wire::{Malformed, Reader, put_u16, put_u24, put_vec8, put_vec16};
use alloc::vec::Vec;

/// `ecdsa_sign` among the certificate types (RFC 8422 5.5).
const ECDSA_SIGN: u8 = 64;

/// Appends the body of a Certificate message.
pub(crate) fn write(out: &mut Vec<u8>, key: &PublicKey) {
    put_u24(out, PublicKey::SPKI_LENGTH);
    out.extend_from_slice(&key.to_spki());
}

/// The key in a Certificate message.
pub(crate) fn read(body: &[u8]) -> Result<PublicKey, Malformed> {
    let mut reader = Reader::new(body);
    let spki = reader.vec24()?;
    reader.end()?;
    PublicKey::from_spki(spki).map_err(|_| Malformed)
}

/// Appends the body of our CertificateRequest: ECDSA with SHA-256 and no authorities.
pub(crate) fn write_request(out: &mut Vec<u8>) {
    put_vec8(out, &[ECDSA_SIGN]);
    put_vec16(out, &ECDSA_SHA256.to_be_bytes());
    put_u16(out, 0);
}

/// Whether a CertificateRequest asks for what we can give.
pub(crate) fn read_request(body: &[u8]) -> Result<bool, Malformed> {
    let mut reader = Reader::new(body);
    let types = reader.vec8()?;
    let algorithms = reader.vec16()?;
    reader.vec16()?;
    reader.end()?;
    Ok(types.contains(&ECDSA_SIGN) && contains_u16(algorithms, ECDSA_SHA256)?)
}
