//! What TLS 1.2 makes of P-256, SHA-256 and AES-128-CCM-8: thin calls into the RustCrypto crates.

use aes::Aes128;
use ccm::Ccm;
use ccm::aead::{AeadInOut, KeyInit};
use ccm::consts::{U8, U12};
use hmac::{Hmac, Mac};
use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use p256::{PublicKey, SecretKey};
use sha2::{Digest, Sha256};
use std::io::Read;

const TAG: usize = 8;
const EXPLICIT_NONCE: usize = 8;

/// The fixed start of a P-256 SubjectPublicKeyInfo; the 65 bytes of the point follow.
const SPKI_START: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// A P-256 private key and its public half.
pub(super) struct KeyPair(SecretKey);

impl KeyPair {
    /// From an ECPrivateKey (RFC 5915) in DER: `30 len 02 01 01 04 20` and the 32 bytes.
    pub(super) fn from_sec1(der: &[u8]) -> Self {
        Self(SecretKey::from_slice(&der[7..39]).expect("a P-256 private key"))
    }

    pub(super) fn generate() -> Self {
        Self(SecretKey::from_slice(&random()).expect("32 random bytes are below the order"))
    }

    pub(super) fn point(&self) -> [u8; 65] {
        let point = VerifyingKey::from(SigningKey::from(&self.0)).to_sec1_point(false);
        point.as_bytes().try_into().expect("an uncompressed point")
    }

    pub(super) fn spki(&self) -> Vec<u8> {
        [&SPKI_START[..], &self.point()].concat()
    }

    /// ECDSA with SHA-256, in DER.
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: Signature = SigningKey::from(&self.0).sign(message);
        signature.to_der().as_bytes().to_vec()
    }

    pub(super) fn agree(&self, peer: &[u8]) -> Vec<u8> {
        let peer = PublicKey::from_sec1_bytes(peer).expect("a point on the curve");
        let secret = p256::ecdh::diffie_hellman(self.0.to_nonzero_scalar(), peer.as_affine());
        secret.raw_secret_bytes().to_vec()
    }
}

/// Whether `signature` (DER) over `message` was made with the key of this SPKI.
pub(super) fn verifies(spki: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let Some(point) = spki.strip_prefix(&SPKI_START[..]) else { return false };
    let key = VerifyingKey::from_sec1_bytes(point).expect("a point on the curve");
    Signature::from_der(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
}

pub(super) fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    let source = std::fs::File::open("/dev/urandom");
    source.and_then(|mut source| source.read_exact(&mut bytes)).expect("random bytes");
    bytes
}

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The pseudorandom function of TLS 1.2 (RFC 5246 5) with SHA-256.
pub(super) fn prf(secret: &[u8], label: &str, seed: &[u8], length: usize) -> Vec<u8> {
    let seed = [label.as_bytes(), seed].concat();
    let mut block = seed.clone();
    let mut out = Vec::new();
    while out.len() < length {
        block = hmac(secret, &block);
        out.extend(hmac(secret, &[&block[..], &seed].concat()));
    }
    out.truncate(length);
    out
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).expect("any length of key");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// The key and the implicit nonce of one direction (RFC 6655).
pub(super) struct Direction {
    cipher: Ccm<Aes128, U8, U12>,
    salt: [u8; 4],
}

impl Direction {
    pub(super) fn new(key: &[u8], salt: &[u8]) -> Self {
        let cipher = Ccm::new_from_slice(key).expect("a key of 16 bytes");
        Self { cipher, salt: salt.try_into().expect("a salt of 4 bytes") }
    }

    /// The explicit nonce, the ciphertext and the tag.
    pub(super) fn seal(&self, explicit: [u8; 8], additional: &[u8], plaintext: &[u8]) -> Vec<u8> {
        let mut body = plaintext.to_vec();
        let nonce = self.nonce(&explicit);
        let sealed = self.cipher.encrypt_inout_detached(
            &nonce.into(),
            additional,
            body.as_mut_slice().into(),
        );
        let tag = sealed.expect("a short record");
        [&explicit[..], &body, &tag[..]].concat()
    }

    /// The plaintext, or `None` for a record that does not authenticate.
    pub(super) fn open(&self, fragment: &[u8], additional: &[u8]) -> Option<Vec<u8>> {
        let (explicit, sealed) = fragment.split_at_checked(EXPLICIT_NONCE)?;
        let (body, tag) = sealed.split_at_checked(sealed.len().checked_sub(TAG)?)?;
        let mut body = body.to_vec();
        let nonce = self.nonce(explicit);
        let tag: [u8; TAG] = tag.try_into().ok()?;
        let buffer = body.as_mut_slice().into();
        self.cipher
            .decrypt_inout_detached(&nonce.into(), additional, buffer, &tag.into())
            .ok()
            .map(|()| body)
    }

    fn nonce(&self, explicit: &[u8]) -> [u8; 12] {
        [&self.salt[..], explicit].concat().try_into().expect("4 and 8 bytes")
    }
}
