//! ServerKeyExchange and ClientKeyExchange for ECDHE_ECDSA on P-256 (RFC 8422 5.4, 5.7).

use super::extension::{ECDSA_SHA256, SECP256R1};
use crate::crypto::EcdsaSignature;
use crate::wire::{Malformed, Reader, put_u16, put_vec8, put_vec16};
use alloc::vec::Vec;
use sha2::{Digest, Sha256};

const NAMED_CURVE: u8 = 3;
/// Bytes of curve and point before the signature.
const PARAMETERS_LENGTH: usize = 4 + 65;

/// A ServerKeyExchange as it came.
pub(crate) struct ServerKeyExchange<'a> {
    pub(crate) point: &'a [u8; 65],
    /// What is signed besides the randoms.
    parameters: &'a [u8],
    pub(crate) signature: &'a [u8],
}

impl<'a> ServerKeyExchange<'a> {
    pub(crate) fn read(body: &'a [u8]) -> Result<Self, Malformed> {
        let parameters = body.get(..PARAMETERS_LENGTH).ok_or(Malformed)?;
        let mut reader = Reader::new(body);
        let curve = (reader.u8()?, reader.u16()?);
        let point = reader.vec8()?.try_into().map_err(|_| Malformed)?;
        let signature = read_signature(&mut reader)?;
        if curve == (NAMED_CURVE, SECP256R1) {
            Ok(Self { point, parameters, signature })
        } else {
            Err(Malformed)
        }
    }

    /// The digest that the signature covers.
    pub(crate) fn digest(&self, client_random: &[u8; 32], server_random: &[u8; 32]) -> [u8; 32] {
        signed_digest(client_random, server_random, self.parameters)
    }
}

/// The parameters of our ServerKeyExchange.
pub(crate) fn parameters(point: &[u8; 65]) -> Vec<u8> {
    let mut out = Vec::with_capacity(PARAMETERS_LENGTH);
    out.push(NAMED_CURVE);
    put_u16(&mut out, SECP256R1);
    put_vec8(&mut out, point);
    out
}

/// RFC 8422 5.4: both randoms and the parameters are signed.
pub(crate) fn signed_digest(
    client_random: &[u8; 32],
    server_random: &[u8; 32],
    parameters: &[u8],
) -> [u8; 32] {
    let hash = Sha256::new()
        .chain_update(client_random)
        .chain_update(server_random)
        .chain_update(parameters);
    hash.finalize().into()
}

/// Appends the algorithm and the signature, as in ServerKeyExchange and CertificateVerify.
pub(crate) fn put_signature(out: &mut Vec<u8>, signature: &EcdsaSignature) {
    put_u16(out, ECDSA_SHA256);
    put_vec16(out, signature.as_bytes());
}

/// Algorithm and signature at the end of a message.
pub(crate) fn read_signature<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Malformed> {
    let algorithm = reader.u16()?;
    let signature = reader.vec16()?;
    reader.end()?;
    if algorithm == ECDSA_SHA256 { Ok(signature) } else { Err(Malformed) }
}

/// The point of a ClientKeyExchange.
pub(crate) fn read_client(body: &[u8]) -> Result<&[u8; 65], Malformed> {
    let mut reader = Reader::new(body);
    let point = reader.vec8()?;
    reader.end()?;
    point.try_into().map_err(|_| Malformed)
}
