//! The running hash of the handshake (RFC 6347 4.2.6): every message as if it had come in one fragment, without
//! HelloVerifyRequest and the hello before it.

use crate::message::HEADER_LENGTH;
use sha2::{Digest, Sha256};

#[derive(Clone, Default)]
pub(crate) struct Transcript(Sha256);

impl Transcript {
    /// Adds a message in its unfragmented form, header included.
    pub(crate) fn add(&mut self, message: &[u8]) {
        debug_assert!(message.len() >= HEADER_LENGTH, "a handshake message has a header");
        self.0.update(message);
    }

    /// SHA-256 of everything so far.
    pub(crate) fn hash(&self) -> [u8; 32] {
        self.0.clone().finalize().into()
    }
}
