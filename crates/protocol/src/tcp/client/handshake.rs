//! The device's handshake: wait for the nonce, send the block, check the answer.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::DeviceId;
use crate::tcp::{ANSWER, CLAIM, Credentials, DeviceRsa, NONCE, RsaError};

/// Why a device leaves the handshake. It says nothing: it closes the connection and comes back later.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// The credentials are not for this device, or are none.
    #[error("the credentials are not for this device: close, and come back later")]
    Credentials,
    /// The pinned cloud did not sign them.
    #[error("the pinned cloud did not sign the credentials: close, and come back later")]
    Signature,
    /// The block could not be encrypted.
    #[error(transparent)]
    Rsa(#[from] RsaError),
}

/// A handshake under way.
pub struct Handshake {
    id: DeviceId,
    /// The nonce as far as it came, or the answer once the block was sent.
    came: Vec<u8>,
    sent: bool,
}

impl Handshake {
    /// The handshake of a new connection, in which the cloud speaks first.
    #[must_use]
    pub const fn new(id: DeviceId) -> Self {
        Self { id, came: Vec::new(), sent: false }
    }

    /// Takes bytes of the stream from `input`, in whatever pieces they come, and appends to `out` what to send. The
    /// credentials, once the cloud has proven itself; what is left in `input` is then of the session.
    ///
    /// # Errors
    /// [`HandshakeError`]: close the connection.
    pub fn receive(
        &mut self,
        input: &mut &[u8],
        rsa: &impl DeviceRsa,
        out: &mut Vec<u8>,
    ) -> Result<Option<Credentials>, HandshakeError> {
        if !self.sent {
            let Some(nonce) = self.collect::<NONCE>(input) else { return Ok(None) };
            out.extend_from_slice(&rsa.seal_block(&block(&nonce, self.id, rsa))?);
            self.sent = true;
        }
        let Some(answer) = self.collect::<ANSWER>(input) else { return Ok(None) };
        open(&answer, rsa).map(Some)
    }

    /// Moves bytes until there are `N`, and takes those.
    fn collect<const N: usize>(&mut self, input: &mut &[u8]) -> Option<[u8; N]> {
        let missing = N.saturating_sub(self.came.len());
        let (taken, rest) = input.split_at_checked(missing).unwrap_or((input, &[]));
        self.came.extend_from_slice(taken);
        *input = rest;
        let whole = self.came.first_chunk::<N>().copied()?;
        self.came.clear();
        Some(whole)
    }
}

fn block(nonce: &[u8; NONCE], id: DeviceId, rsa: &impl DeviceRsa) -> [u8; CLAIM] {
    let public = rsa.public();
    let parts = nonce.iter().chain(id.as_bytes()).chain(public.as_spki());
    let mut block = [0; CLAIM];
    block.iter_mut().zip(parts).for_each(|(place, byte)| *place = *byte);
    block
}

fn open(answer: &[u8; ANSWER], rsa: &impl DeviceRsa) -> Result<Credentials, HandshakeError> {
    // Both parts have fixed sizes, which add up.
    let (ciphertext, signature) = answer.split_first_chunk().ok_or(HandshakeError::Credentials)?;
    let signature = signature.first_chunk().ok_or(HandshakeError::Signature)?;
    let bytes: Zeroizing<[u8; 40]> =
        rsa.open(ciphertext).map_err(|_| HandshakeError::Credentials)?;
    let credentials = Credentials::new(bytes);
    let signed = rsa.verify(&credentials.mac(ciphertext), signature);
    if signed { Ok(credentials) } else { Err(HandshakeError::Signature) }
}
