//! Frames: a length of two bytes, big endian, and that much AES-128-CBC with PKCS#7 padding.
//!
//! Both directions begin with the same key and vector. The vector of each further frame is the *first* block of the
//! ciphertext before it in that direction. So a frame that is left out, repeated or out of order garbles the first
//! block of the next, where the header of its message is.

use alloc::vec::Vec;

use aes::{Aes128Dec, Aes128Enc};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::Anomaly;

/// Bytes of a block, a key and a vector.
const BLOCK: usize = 16;
/// Bytes of a frame's length.
const LENGTH: usize = 2;

/// One end of a connection after the credentials: cuts the stream into frames, opens and seals them.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Channel {
    key: [u8; BLOCK],
    vector_in: [u8; BLOCK],
    vector_out: [u8; BLOCK],
    /// A frame that came only in part, its length included.
    partial: Vec<u8>,
    /// The longest ciphertext taken.
    limit: u16,
    ended: bool,
}

impl Channel {
    pub(super) fn new(key: [u8; BLOCK], vector: [u8; BLOCK], limit: usize) -> Self {
        let mut channel = Self {
            key,
            vector_in: vector,
            vector_out: vector,
            partial: Vec::new(),
            limit: 0,
            ended: false,
        };
        channel.allow(limit);
        channel
    }

    /// Changes the longest ciphertext taken.
    pub(super) fn allow(&mut self, limit: usize) {
        self.limit = u16::try_from(limit).unwrap_or(u16::MAX);
    }

    /// Forgets the key. Nothing is taken or said after this.
    pub(super) fn end(&mut self) {
        self.zeroize();
        self.partial = Vec::new();
        self.ended = true;
    }

    pub(super) const fn has_ended(&self) -> bool {
        self.ended
    }

    /// Takes the bytes of the next frame from `input`, in whatever pieces they come; the plaintext, in `scratch`,
    /// once it is whole.
    pub(super) fn receive<'s>(
        &mut self,
        input: &mut &[u8],
        scratch: &'s mut Vec<u8>,
    ) -> Result<Option<&'s mut [u8]>, Anomaly> {
        if self.ended {
            return Err(Anomaly::Ended);
        }
        scratch.clear();
        if !self.take_frame(input, scratch)? {
            return Ok(None);
        }
        self.open(scratch).map(Some)
    }

    /// Whether `ciphertext` now holds a whole frame, without its length.
    fn take_frame(&mut self, input: &mut &[u8], ciphertext: &mut Vec<u8>) -> Result<bool, Anomaly> {
        if self.partial.is_empty()
            && let Some((length, rest)) = input.split_first_chunk::<LENGTH>()
            && let Some((frame, rest)) = rest.split_at_checked(self.check(*length)?)
        {
            ciphertext.extend_from_slice(frame);
            *input = rest;
            return Ok(true);
        }
        self.collect(input, LENGTH);
        let Some(length) = self.partial.first_chunk::<LENGTH>() else { return Ok(false) };
        let whole = LENGTH + self.check(*length)?;
        self.collect(input, whole);
        if self.partial.len() < whole {
            return Ok(false);
        }
        ciphertext.extend(self.partial.drain(..).skip(LENGTH));
        // An idle session keeps no buffer.
        self.partial = Vec::new();
        Ok(true)
    }

    /// Moves what there is until `partial` has `wanted` bytes.
    fn collect(&mut self, input: &mut &[u8], wanted: usize) {
        let missing = wanted.saturating_sub(self.partial.len());
        let (taken, rest) = input.split_at_checked(missing).unwrap_or((input, &[]));
        self.partial.reserve_exact(missing);
        self.partial.extend_from_slice(taken);
        *input = rest;
    }

    fn check(&self, length: [u8; LENGTH]) -> Result<usize, Anomaly> {
        let length = u16::from_be_bytes(length);
        let fits = length != 0 && length <= self.limit && usize::from(length) % BLOCK == 0;
        if fits { Ok(length.into()) } else { Err(Anomaly::Length(length)) }
    }

    fn open<'s>(&mut self, frame: &'s mut [u8]) -> Result<&'s mut [u8], Anomaly> {
        let next = *frame.first_chunk::<BLOCK>().ok_or(Anomaly::Length(0))?;
        let cipher = cbc::Decryptor::<Aes128Dec>::new(&self.key.into(), &self.vector_in.into());
        self.vector_in = next;
        let length = cipher.decrypt_padded::<Pkcs7>(frame).map_err(|_| Anomaly::Padding)?.len();
        frame.get_mut(..length).ok_or(Anomaly::Padding)
    }

    /// Turns the plaintext that `write` appends to `out` into a frame, if `check` has nothing against it. When there
    /// is an error, `out` is as it was.
    pub(super) fn seal<E>(
        &mut self,
        out: &mut Vec<u8>,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
        check: impl FnOnce(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let start = out.len();
        out.extend_from_slice(&[0; LENGTH]);
        let written = write(out).and_then(|()| check(out.get(start + LENGTH..).unwrap_or(&[])));
        if let Err(error) = written {
            out.truncate(start);
            return Err(error);
        }
        self.close(out, start);
        Ok(())
    }

    fn close(&mut self, out: &mut Vec<u8>, start: usize) {
        let plaintext = out.len() - start - LENGTH;
        let padded = padded(plaintext);
        out.resize(start + LENGTH + padded, 0);
        let Some((length, frame)) =
            out.get_mut(start..).and_then(<[u8]>::split_first_chunk_mut::<LENGTH>)
        else {
            return;
        };
        *length = u16::try_from(padded).unwrap_or(0).to_be_bytes();
        let cipher = cbc::Encryptor::<Aes128Enc>::new(&self.key.into(), &self.vector_out.into());
        // There is room: the padding was counted in.
        let _ = cipher.encrypt_padded::<Pkcs7>(frame, plaintext);
        if let Some(first) = frame.first_chunk() {
            self.vector_out = *first;
        }
    }
}

/// The longest ciphertext that a device takes whose buffer has so many bytes: it keeps the length in it, and a block.
pub(super) fn within(buffer: u16) -> usize {
    usize::from(buffer).saturating_sub(LENGTH + BLOCK) / BLOCK * BLOCK
}

/// The ciphertext of so much plaintext. Padding is never empty.
pub(super) const fn padded(plaintext: usize) -> usize {
    (plaintext / BLOCK + 1) * BLOCK
}
