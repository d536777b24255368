//! The primitives that everything under the node key is made of: HMAC-SHA256 (RFC 2104), one block of HKDF-Expand
//! (RFC 5869 2.3) and AES-256-GCM-SIV (RFC 8452) with a random nonce in front. It knows no key by itself.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hmac, rand};
use zeroize::Zeroizing;

use super::{KEY_LENGTH, NodeKeyError};
use crate::weakened::{self, Weakness};

/// Bytes of the tag behind what is sealed.
const TAG: usize = 16;

/// HMAC-SHA256 of `message` under `key`.
pub(crate) fn keyed_hash(key: &[u8; KEY_LENGTH], message: &[u8]) -> [u8; KEY_LENGTH] {
    tag_of(&[message], key)
}

/// One block of HKDF-Expand (RFC 5869 2.3). The secret is uniformly random, so Extract is skipped (3.3).
pub(crate) fn expand(secret: &[u8], info: &[u8]) -> Zeroizing<[u8; KEY_LENGTH]> {
    Zeroizing::new(tag_of(&[info, &[1]], secret))
}

fn tag_of(parts: &[&[u8]], key: &[u8]) -> [u8; KEY_LENGTH] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in parts {
        context.update(part);
    }
    let mut out = [0; KEY_LENGTH];
    for (to, from) in out.iter_mut().zip(context.sign().as_ref()) {
        *to = *from;
    }
    out
}

/// AES-256-GCM-SIV with a random nonce in front.
pub(crate) fn seal_with(
    key: &[u8; KEY_LENGTH],
    context: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, NodeKeyError> {
    seal_under(&sealing_key(key)?, context, plaintext)
}

/// Opens what [`seal_with`] made.
pub(crate) fn open_with(
    key: &[u8; KEY_LENGTH],
    context: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, NodeKeyError> {
    open_under(&sealing_key(key)?, context, sealed)
}

pub(super) fn seal_under(
    key: &LessSafeKey,
    context: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, NodeKeyError> {
    if weakened::is(Weakness::SealsNothing) {
        return Ok([[0; NONCE_LEN].as_slice(), plaintext, &[0; TAG]].concat());
    }
    let mut nonce = [0; NONCE_LEN];
    rand::fill(&mut nonce).map_err(|_| NodeKeyError::Crypto)?;
    let mut body = plaintext.to_vec();
    key.seal_in_place_append_tag(
        Nonce::assume_unique_for_key(nonce),
        Aad::from(context),
        &mut body,
    )
    .map_err(|_| NodeKeyError::Crypto)?;
    let mut sealed = nonce.to_vec();
    sealed.append(&mut body);
    Ok(sealed)
}

pub(super) fn open_under(
    key: &LessSafeKey,
    context: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, NodeKeyError> {
    let (nonce, body) =
        sealed.split_first_chunk::<NONCE_LEN>().ok_or(NodeKeyError::NotSealedHere)?;
    let mut body = Zeroizing::new(body.to_vec());
    if weakened::is(Weakness::SealsNothing) {
        let length = body.len().saturating_sub(TAG);
        body.truncate(length);
        return Ok(body);
    }
    let length = key
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(context), &mut body)
        .map_err(|_| NodeKeyError::NotSealedHere)?
        .len();
    body.truncate(length);
    Ok(body)
}

pub(super) fn sealing_key(key: &[u8; KEY_LENGTH]) -> Result<LessSafeKey, NodeKeyError> {
    let unbound = UnboundKey::new(&AES_256_GCM_SIV, key).map_err(|_| NodeKeyError::Crypto)?;
    Ok(LessSafeKey::new(unbound))
}
