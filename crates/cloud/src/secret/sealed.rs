//! A secret sealed to one key: a version, a kind, the key's fingerprint, what opens it, and it.
//!
//! | bytes | what |
//! |---|---|
//! | 1 | the version, 1 |
//! | 1 | 1 RSA-OAEP with AES-256-GCM, 2 HPKE with X25519, 3 HPKE with P-256 (both HKDF-SHA-256, AES-256-GCM) |
//! | 32 | the fingerprint of the key |
//! | 2 | the length of what follows, big endian |
//! | n | the content key under RSA-OAEP-SHA-256; HPKE's encapsulated secret |
//! | rest | the ciphertext with its tag; the bytes before the length are its additional data |
//!
//! A plaintext has its length in front and zeros behind, up to a multiple of 256 bytes, so that a password's length is
//! nobody's business.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rsa::{
    OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PublicEncryptingKey,
};
use rustls::crypto::aws_lc_rs::hpke::{
    DH_KEM_P256_HKDF_SHA256_AES_256, DH_KEM_X25519_HKDF_SHA256_AES_256,
};
use rustls::crypto::hpke::{EncapsulatedSecret, Hpke, HpkePrivateKey, HpkePublicKey};
use zeroize::Zeroizing;

use super::private::Secret;
use super::{Fingerprint, Kind, MAX_SECRET, PrivateKey, RecipientKey, SecretError};
use crate::node_key::random;

const VERSION: u8 = 1;
/// Plaintexts are filled up to a multiple of this, in bytes.
const GRAIN: usize = 256;
/// Bytes before the length.
const HEAD: usize = 34;
const INFO: &[u8] = b"pintle one-time secret";

/// The largest that [`seal`] makes, in bytes: an RSA-8192 key, a full secret.
pub const MAX_SEALED: usize = HEAD + 2 + 1024 + MAX_SECRET + GRAIN + 16;

/// Seals a secret to a key.
///
/// # Errors
/// [`SecretError::Empty`], [`SecretError::TooLong`], [`SecretError::Refused`]
pub fn seal(secret: &[u8], key: &RecipientKey) -> Result<Vec<u8>, SecretError> {
    let padded = padded(secret)?;
    let mut out = vec![VERSION, number(key.kind())];
    out.extend(key.fingerprint().0);
    let (opener, body) = match key.kind() {
        Kind::Rsa { .. } => seal_rsa(&padded, &out, key)?,
        Kind::X25519 => seal_hpke(DH_KEM_X25519_HKDF_SHA256_AES_256, &padded, &out, key)?,
        Kind::P256 => seal_hpke(DH_KEM_P256_HKDF_SHA256_AES_256, &padded, &out, key)?,
    };
    let length = u16::try_from(opener.len()).map_err(|_| SecretError::Refused)?;
    out.extend(length.to_be_bytes());
    out.extend(opener);
    out.extend(body);
    Ok(out)
}

/// Opens what [`seal`] made.
///
/// # Errors
/// [`SecretError::OtherKey`], [`SecretError::Format`], [`SecretError::Changed`]
pub fn open(sealed: &[u8], key: &PrivateKey) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    let parts = Parts::of(sealed).ok_or(SecretError::Format)?;
    if parts.to != key.public().fingerprint() {
        return Err(SecretError::OtherKey(parts.to));
    }
    if parts.kind != number(key.public().kind()) {
        return Err(SecretError::Format);
    }
    let padded = match &key.secret {
        Secret::Rsa(_) => open_rsa(&parts, key),
        Secret::X25519(scalar) => open_hpke(DH_KEM_X25519_HKDF_SHA256_AES_256, &parts, scalar),
        Secret::P256(scalar) => open_hpke(DH_KEM_P256_HKDF_SHA256_AES_256, &parts, scalar),
    };
    plain(&padded?).ok_or(SecretError::Format)
}

fn number(kind: Kind) -> u8 {
    match kind {
        Kind::Rsa { .. } => 1,
        Kind::X25519 => 2,
        Kind::P256 => 3,
    }
}

/// What a sealed secret consists of.
struct Parts<'a> {
    kind: u8,
    to: Fingerprint,
    /// All before the length.
    head: &'a [u8],
    opener: &'a [u8],
    body: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(sealed: &'a [u8]) -> Option<Self> {
        let (head, rest) = sealed.split_first_chunk::<HEAD>()?;
        let [VERSION, kind, to @ ..] = head else { return None };
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let (opener, body) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        Some(Self { kind: *kind, to: Fingerprint(*to), head, opener, body })
    }
}

fn padded(secret: &[u8]) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    if secret.is_empty() {
        return Err(SecretError::Empty);
    }
    let length = u32::try_from(secret.len()).ok().filter(|_| secret.len() <= MAX_SECRET);
    let length = length.ok_or(SecretError::TooLong)?.to_be_bytes();
    let whole = (length.len() + secret.len()).next_multiple_of(GRAIN);
    let mut padded = Zeroizing::new(Vec::with_capacity(whole));
    padded.extend_from_slice(&length);
    padded.extend_from_slice(secret);
    padded.resize(whole, 0);
    Ok(padded)
}

fn plain(padded: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (length, rest) = padded.split_first_chunk::<4>()?;
    let (secret, zeros) = rest.split_at_checked(u32::from_be_bytes(*length).try_into().ok()?)?;
    zeros.iter().all(|byte| *byte == 0).then(|| Zeroizing::new(secret.to_vec()))
}

type Halves = (Vec<u8>, Vec<u8>);

fn seal_hpke(
    suite: &dyn Hpke,
    padded: &[u8],
    head: &[u8],
    key: &RecipientKey,
) -> Result<Halves, SecretError> {
    let sealed = suite.seal(INFO, head, padded, &HpkePublicKey(key.raw().to_vec()));
    sealed.map(|(opener, body)| (opener.0, body)).map_err(|_| SecretError::Refused)
}

fn open_hpke(
    suite: &dyn Hpke,
    parts: &Parts<'_>,
    scalar: &[u8],
) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    let (key, opener) =
        (HpkePrivateKey::from(scalar.to_vec()), EncapsulatedSecret(parts.opener.to_vec()));
    let opened = suite.open(&opener, INFO, parts.head, parts.body, &key);
    opened.map(Zeroizing::new).map_err(|_| SecretError::Changed)
}

fn seal_rsa(padded: &[u8], head: &[u8], key: &RecipientKey) -> Result<Halves, SecretError> {
    let mut content = Zeroizing::new([0; 32]);
    random(content.as_mut_slice()).map_err(|_| SecretError::Refused)?;
    let mut body = padded.to_vec();
    // The content key is good for this one message, so the nonce is, too.
    let sealed = gcm(&content)?.seal_in_place_append_tag(nothing_yet(), Aad::from(head), &mut body);
    sealed.map_err(|_| SecretError::Refused)?;
    let public = PublicEncryptingKey::from_der(key.spki()).map_err(|_| SecretError::Refused)?;
    let public = OaepPublicEncryptingKey::new(public).map_err(|_| SecretError::Refused)?;
    let mut opener = vec![0; public.ciphertext_size()];
    let written =
        public.encrypt(&OAEP_SHA256_MGF1SHA256, content.as_slice(), &mut opener, Some(INFO));
    let length = written.map_err(|_| SecretError::Refused)?.len();
    opener.truncate(length);
    Ok((opener, body))
}

fn open_rsa(parts: &Parts<'_>, key: &PrivateKey) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    let Secret::Rsa(private) = &key.secret else { return Err(SecretError::Format) };
    let private = OaepPrivateDecryptingKey::new(private.clone());
    let private = private.map_err(|_| SecretError::Refused)?;
    let mut room = Zeroizing::new(vec![0; private.min_output_size()]);
    let content =
        private.decrypt(&OAEP_SHA256_MGF1SHA256, parts.opener, room.as_mut_slice(), Some(INFO));
    let content = content.map_err(|_| SecretError::Changed)?;
    let content = <[u8; 32]>::try_from(&*content).map_err(|_| SecretError::Changed)?;
    let mut body = Zeroizing::new(parts.body.to_vec());
    let opened = gcm(&Zeroizing::new(content))?.open_in_place(
        nothing_yet(),
        Aad::from(parts.head),
        &mut body,
    );
    let length = opened.map_err(|_| SecretError::Changed)?.len();
    body.truncate(length);
    Ok(body)
}

fn gcm(key: &[u8; 32]) -> Result<LessSafeKey, SecretError> {
    let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| SecretError::Refused)?;
    Ok(LessSafeKey::new(key))
}

fn nothing_yet() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}
