//! Making releases and keyrings, and signing them. Encoding is deterministic (RFC 8949, section 4.2).

use super::envelope::{
    ALGORITHM, CONTENT_TYPE, Envelope, KEY_ID, Kind, MAX_SIGNATURES, signing_buffer, to_be_signed,
};
use super::{Key, Release, ReleaseFault, Thresholds};
use crate::signature::Sign;
use alloc::vec::Vec;
use core::convert::Infallible;
use minicbor::Encoder;
use minicbor::data::Tag;
use minicbor::encode::Error as EncodeError;

type Written = Result<(), EncodeError<Infallible>>;

/// The keys of a product, to be signed.
#[derive(Clone, Debug)]
pub struct KeyringBuilder<'a> {
    /// The product.
    pub product: u16,
    /// Its number: one more than the last one's.
    pub number: u32,
    /// When it stops counting, in seconds since the Unix epoch.
    pub expiry: u64,
    /// How many keys have to sign.
    pub thresholds: Thresholds,
    /// The keys.
    pub keys: Vec<Key<'a>>,
}

impl KeyringBuilder<'_> {
    /// The payload to be signed.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        encode(|encoder| {
            encoder.map(5)?;
            encoder.u8(1)?.u16(self.product)?;
            encoder.u8(2)?.u32(self.number)?;
            encoder.u8(3)?.u64(self.expiry)?;
            encoder.u8(4)?.array(self.keys.len() as u64)?;
            for Key { role, public } in &self.keys {
                encoder.array(3)?.u8(role.number())?.i8(public.algorithm())?;
                encoder.bytes(public.as_bytes())?;
            }
            let Thresholds { root, release, review } = self.thresholds;
            encoder.u8(5)?.array(3)?.u8(root)?.u8(release)?.u8(review)?;
            Ok(())
        })
    }
}

impl Release {
    /// The payload to be signed.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        let minimums = || self.minimums.iter().flatten();
        encode(|encoder| {
            encoder.map(10)?;
            encoder.u8(1)?.u16(self.product)?.u8(2)?.u16(self.platform.0)?;
            encoder.u8(3)?.u16(self.version)?.u8(4)?.u32(self.counter)?;
            encoder.u8(5)?.bytes(self.digest.as_bytes())?.u8(6)?.u32(self.length)?;
            encoder.u8(7)?.u64(self.expiry)?.u8(8)?.u32(self.number)?;
            encoder.u8(9)?.u16(self.over)?;
            encoder.u8(10)?.array(minimums().count() as u64)?;
            for one in minimums() {
                encoder.array(3)?.u8(one.function.0)?.u8(one.index)?.u16(one.version)?;
            }
            Ok(())
        })
    }
}

/// An envelope around a payload, signed by each of `signers`; none when a signature could not be made.
#[must_use]
pub fn sign(kind: Kind, payload: &[u8], signers: &[&dyn Sign]) -> Option<Vec<u8>> {
    let body = encode(|encoder| {
        encoder.map(1)?.u8(CONTENT_TYPE)?.str(kind.content_type())?;
        Ok(())
    });
    let signatures = signers.iter().map(|signer| signature(&body, payload, *signer));
    let signatures: Option<Vec<_>> = signatures.collect();
    Some(envelope(&body, payload, &signatures?))
}

/// The same envelope with one signature more.
///
/// # Errors
/// [`ReleaseFault::Unreadable`] when it is none, has no room for another, or the signature could not be made.
pub fn counter_sign(bytes: &[u8], signer: &dyn Sign) -> Result<Vec<u8>, ReleaseFault> {
    let read = Envelope::parse(bytes)?;
    let body = read.protected();
    let mut signatures: Vec<_> =
        read.signatures().map(|(protected, signature)| (protected.to_vec(), *signature)).collect();
    let added = signature(body, read.payload(), signer);
    signatures.push(added.ok_or(ReleaseFault::Unreadable)?);
    if signatures.len() > MAX_SIGNATURES {
        return Err(ReleaseFault::Unreadable);
    }
    Ok(envelope(body, read.payload(), &signatures))
}

/// A signer's header and signature.
fn signature(body: &[u8], payload: &[u8], signer: &dyn Sign) -> Option<(Vec<u8>, [u8; 64])> {
    let key = signer.public_key();
    let protected = encode(|encoder| {
        encoder.map(2)?.u8(ALGORITHM)?.i8(key.algorithm())?;
        encoder.u8(KEY_ID)?.bytes(&key.id().0)?;
        Ok(())
    });
    let mut buffer = signing_buffer();
    let signed = to_be_signed(&mut buffer, body, &protected, payload)?;
    Some((protected, signer.sign(signed)?))
}

fn envelope(body: &[u8], payload: &[u8], signatures: &[(Vec<u8>, [u8; 64])]) -> Vec<u8> {
    encode(|encoder| {
        encoder.tag(Tag::new(98))?.array(4)?.bytes(body)?.map(0)?.bytes(payload)?;
        encoder.array(signatures.len() as u64)?;
        for (protected, signature) in signatures {
            encoder.array(3)?.bytes(protected)?.map(0)?.bytes(signature)?;
        }
        Ok(())
    })
}

/// Writing to memory does not fail.
fn encode(write: impl FnOnce(&mut Encoder<&mut Vec<u8>>) -> Written) -> Vec<u8> {
    let mut out = Vec::new();
    let written = write(&mut Encoder::new(&mut out));
    debug_assert!(written.is_ok(), "a vector takes everything");
    out
}
