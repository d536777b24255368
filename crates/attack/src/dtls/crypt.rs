//! Keys and records of TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8 (RFC 5246 5 and 6.3, RFC 6655), for an attacker who may want to
//! seal what no library would.

use aes::Aes128;
use aws_lc_rs::digest::{self, SHA256};
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use ccm::aead::{AeadInOut, KeyInit};
use ccm::consts::{U8, U12};
use zeroize::Zeroizing;

type Ccm8 = ccm::Ccm<Aes128, U8, U12>;

/// One direction of a session.
pub(crate) struct Direction {
    key: Zeroizing<[u8; 16]>,
    salt: [u8; 4],
}

/// All that both randoms and a premaster secret give.
pub(crate) struct Keys {
    master: Zeroizing<[u8; 48]>,
    pub(crate) write: Direction,
    pub(crate) read: Direction,
}

impl Keys {
    /// With the extended master secret (RFC 7627), over this hash of the handshake.
    pub(crate) fn new(
        premaster: &[u8; 32],
        handshake: &[u8; 32],
        client: &[u8; 32],
        server: &[u8; 32],
    ) -> Self {
        let master: Zeroizing<[u8; 48]> = prf(premaster, b"extended master secret", &[handshake]);
        let block: Zeroizing<[u8; 40]> =
            prf(master.as_slice(), b"key expansion", &[server, client]);
        let mut write = Direction { key: Zeroizing::default(), salt: [0; 4] };
        let mut read = Direction { key: Zeroizing::default(), salt: [0; 4] };
        let places = write.key.iter_mut().chain(read.key.iter_mut());
        let places = places.chain(&mut write.salt).chain(&mut read.salt);
        places.zip(block.iter()).for_each(|(place, byte)| *place = *byte);
        Self { master, write, read }
    }

    /// What the client's Finished says, over this hash of the handshake.
    pub(crate) fn finished(&self, handshake: &[u8; 32]) -> [u8; 12] {
        *prf(self.master.as_slice(), b"client finished", &[handshake])
    }
}

impl Direction {
    fn nonce(&self, explicit: &[u8; 8]) -> [u8; 12] {
        let [a, b, c, d] = self.salt;
        let [e, f, g, h, i, j, k, l] = *explicit;
        [a, b, c, d, e, f, g, h, i, j, k, l]
    }

    fn cipher(&self) -> Ccm8 {
        Ccm8::new((&*self.key).into())
    }

    /// Explicit nonce, ciphertext and tag.
    pub(crate) fn seal(&self, explicit: &[u8; 8], additional: &[u8], text: &[u8]) -> Vec<u8> {
        let (mut text, nonce) = (text.to_vec(), self.nonce(explicit).into());
        let tag = self.cipher().encrypt_inout_detached(&nonce, additional, (&mut *text).into());
        let tag = tag.map_or([0; 8], Into::into);
        [explicit.as_slice(), &text, &tag].concat()
    }

    /// What is in the body of a record, if it authenticates.
    pub(crate) fn open(&self, body: &[u8], additional: &[u8]) -> Option<Vec<u8>> {
        let (explicit, rest) = body.split_first_chunk::<8>()?;
        let (text, tag) = rest.split_last_chunk::<8>()?;
        let (mut text, nonce) = (text.to_vec(), self.nonce(explicit).into());
        let cipher = self.cipher();
        let place = (&mut *text).into();
        cipher.decrypt_inout_detached(&nonce, additional, place, &(*tag).into()).ok()?;
        Some(text)
    }
}

/// P_SHA256 (RFC 5246 5).
fn prf<const N: usize>(secret: &[u8], label: &[u8], seeds: &[&[u8]]) -> Zeroizing<[u8; N]> {
    let seed = [&[label], seeds].concat().concat();
    let mut out = Zeroizing::new([0; N]);
    let mut a = hmac(secret, &[&seed]);
    for chunk in out.chunks_mut(32) {
        let block = hmac(secret, &[&a, &seed]);
        chunk.iter_mut().zip(block).for_each(|(place, byte)| *place = byte);
        a = hmac(secret, &[&a]);
    }
    out
}

fn hmac(secret: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(HMAC_SHA256, secret));
    parts.iter().for_each(|part| context.update(part));
    first(context.sign().as_ref())
}

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    first(digest::digest(&SHA256, bytes).as_ref())
}

fn first(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
    out
}
