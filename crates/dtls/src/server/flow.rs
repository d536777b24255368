//! The messages of a handshake as the cloud sees them, and what each one does.
//!
//! ```text
//!    client                                          server
//! 1. ClientHello                          ---->                           (cookie.rs: nothing is kept)
//! 2.                                      <----      HelloVerifyRequest
//! 3. ClientHello with cookie              ---->                           Handshake::accept
//! 4.                                      <----      ServerHello
//!                                                    Certificate          (not to Device OS)
//!                                                    ServerKeyExchange
//!                                                    CertificateRequest
//!                                                    ServerHelloDone
//! 5. Certificate                          ---->                           AwaitCertificate: the pin is asked
//!    ClientKeyExchange                                                    AwaitKeyExchange: keys are made
//!    CertificateVerify                                                    AwaitVerify
//!    [ChangeCipherSpec] Finished                                          AwaitFinished
//! 6.                                      <----      [ChangeCipherSpec] Finished
//! ```
//!
//! ChangeCipherSpec itself is not waited for: the epoch of the Finished says the same and is authenticated.

use super::{Once, PinnedKeys, ServerConfig};
use crate::connection_id::ConnectionId;
use crate::crypto::Crypto;
use crate::dialect::Terms;
use crate::error::HandshakeError;
use crate::key::PublicKey;
use crate::key_schedule::MasterSecret;
use crate::message::{
    CERTIFICATE, CERTIFICATE_REQUEST, CERTIFICATE_VERIFY, CLIENT_KEY_EXCHANGE, FINISHED, Message,
    SERVER_HELLO, SERVER_HELLO_DONE, SERVER_KEY_EXCHANGE, certificate, key_exchange, server_hello,
};
use crate::session::{Role, Session};
use crate::transcript::Transcript;
use crate::weakened::{self, Weakness};
use crate::wire::{Malformed, Reader};
use alloc::sync::Arc;
use alloc::vec::Vec;
use subtle::ConstantTimeEq;

/// What holds for the whole handshake.
pub(super) struct Shared<C: Crypto> {
    pub(super) config: Arc<ServerConfig<C>>,
    pub(super) terms: Terms,
    pub(super) id: ConnectionId,
    pub(super) client_random: [u8; 32],
    pub(super) server_random: [u8; 32],
    pub(super) transcript: Transcript,
}

/// Where the handshake is.
pub(super) enum Stage<C: Crypto> {
    AwaitCertificate(C::EphemeralKey),
    AwaitKeyExchange(C::EphemeralKey, PublicKey),
    AwaitVerify(Keyed),
    AwaitFinished(Keyed),
    Complete(Complete),
    Over,
}

/// The keys are made; the client still has to prove itself.
pub(super) struct Keyed {
    peer: PublicKey,
    once: Once,
    master: MasterSecret,
    pub(super) session: Session,
}

/// Both ends proved themselves.
pub(super) struct Complete {
    pub(super) peer: PublicKey,
    pub(super) once: Once,
    pub(super) session: Session,
    /// Our Finished: the last flight.
    pub(super) finished: Message,
}

impl<C: Crypto> Stage<C> {
    /// The session, once there are keys.
    pub(super) const fn session_mut(&mut self) -> Option<&mut Session> {
        match self {
            Self::AwaitVerify(keyed) | Self::AwaitFinished(keyed) => Some(&mut keyed.session),
            Self::Complete(complete) => Some(&mut complete.session),
            Self::AwaitCertificate(_) | Self::AwaitKeyExchange(..) | Self::Over => None,
        }
    }

    /// Takes the next message of the client.
    pub(super) fn advance(
        self,
        shared: &mut Shared<C>,
        message: &Message,
        reply_sequence: u16,
        pins: &mut dyn PinnedKeys,
    ) -> Result<Self, HandshakeError> {
        let next = match (self, message.kind()) {
            (Self::AwaitCertificate(key), CERTIFICATE) => {
                let peer = admitted(message, pins)?;
                shared.transcript.add(message.as_bytes());
                Self::AwaitKeyExchange(key, peer)
            }
            (Self::AwaitKeyExchange(key, peer), CLIENT_KEY_EXCHANGE) => {
                shared.transcript.add(message.as_bytes());
                Self::AwaitVerify(shared.make_keys(key, peer, message)?)
            }
            (Self::AwaitVerify(mut keyed), CERTIFICATE_VERIFY) => {
                keyed.once.signature = shared.check_signature(&keyed.peer, message)?;
                shared.transcript.add(message.as_bytes());
                Self::AwaitFinished(keyed)
            }
            (Self::AwaitVerify(keyed), FINISHED) if weakened::is(Weakness::ProofOptional) => {
                Self::Complete(shared.check_finished(keyed, message, reply_sequence)?)
            }
            (Self::AwaitFinished(keyed), FINISHED) => {
                Self::Complete(shared.check_finished(keyed, message, reply_sequence)?)
            }
            (_, kind) => return Err(HandshakeError::Unexpected(kind)),
        };
        Ok(next)
    }
}

/// P1: the pin is asked when the key arrives, before anything is verified or agreed.
fn admitted(message: &Message, pins: &mut dyn PinnedKeys) -> Result<PublicKey, HandshakeError> {
    let peer = certificate::read(message.body())
        .map_err(|Malformed| HandshakeError::Malformed("Certificate"))?;
    if pins.admits(&peer) { Ok(peer) } else { Err(HandshakeError::KeyRefused(peer.fingerprint())) }
}

impl<C: Crypto> Shared<C> {
    /// Flight 4, already in the transcript, and the key that the agreement needs.
    pub(super) fn first_flight(
        &mut self,
        sequence: u16,
    ) -> Result<(Vec<Message>, C::EphemeralKey), HandshakeError> {
        let config = &self.config;
        let (key, point) = config.crypto.ephemeral()?;
        let parameters = key_exchange::parameters(&point);
        let digest =
            key_exchange::signed_digest(&self.client_random, &self.server_random, &parameters);
        let signature = config.crypto.sign_digest(&config.key, &digest)?;

        let mut flight = Vec::with_capacity(5);
        let mut put = |kind, body: &mut dyn FnMut(&mut Vec<u8>)| {
            let sequence = sequence.saturating_add(u16::try_from(flight.len()).unwrap_or(u16::MAX));
            flight.push(Message::write(kind, sequence, body));
        };
        put(SERVER_HELLO, &mut |out| {
            server_hello::write(out, &self.server_random, &self.terms, self.id)
        });
        if self.terms.dialect.server_shows_key() {
            put(CERTIFICATE, &mut |out| certificate::write(out, &config.public));
        }
        put(SERVER_KEY_EXCHANGE, &mut |out| {
            out.extend_from_slice(&parameters);
            key_exchange::put_signature(out, &signature);
        });
        put(CERTIFICATE_REQUEST, &mut |out| certificate::write_request(out));
        put(SERVER_HELLO_DONE, &mut |_| ());
        flight.iter().for_each(|message| self.transcript.add(message.as_bytes()));
        Ok((flight, key))
    }

    fn make_keys(
        &self,
        key: C::EphemeralKey,
        peer: PublicKey,
        message: &Message,
    ) -> Result<Keyed, HandshakeError> {
        let point = key_exchange::read_client(message.body())
            .map_err(|Malformed| HandshakeError::Malformed("ClientKeyExchange"))?;
        let crypto = &self.config.crypto;
        let premaster = crypto
            .agree(key, point)
            .map_err(|_| HandshakeError::Malformed("ClientKeyExchange's point"))?;
        let master = if self.terms.extended_master_secret {
            MasterSecret::extended(&premaster, &self.transcript.hash())
        } else {
            MasterSecret::plain(&premaster, &self.client_random, &self.server_random)
        };
        let keys = master.key_block(&self.client_random, &self.server_random);
        let local_id = self.terms.dialect.has_connection_id().then_some(self.id);
        let session = Session::new(
            Role::Server,
            self.terms.dialect,
            keys,
            local_id,
            self.terms.peer_id,
            self.config.random()?,
        );
        let once = Once { random: self.client_random, point: x_of(point), signature: [0; 32] };
        Ok(Keyed { peer, once, master, session })
    }

    /// RFC 5246 7.4.8: the client signs every message before this one, so it holds its private key now.
    /// The first half of the signature, which its signer must never use again.
    fn check_signature(
        &self,
        peer: &PublicKey,
        message: &Message,
    ) -> Result<[u8; 32], HandshakeError> {
        let signature = key_exchange::read_signature(&mut Reader::new(message.body()))
            .map_err(|Malformed| HandshakeError::Malformed("CertificateVerify"))?;
        if weakened::is(Weakness::SignatureUnchecked) {
            return Ok(first_half(signature));
        }
        let verified = self.config.crypto.verify_digest(peer, &self.transcript.hash(), signature);
        verified.map_err(|_| HandshakeError::BadSignature("CertificateVerify"))?;
        Ok(first_half(signature))
    }

    /// RFC 5246 7.4.9: both ends saw the same handshake. Ours covers the client's.
    fn check_finished(
        &mut self,
        keyed: Keyed,
        message: &Message,
        reply_sequence: u16,
    ) -> Result<Complete, HandshakeError> {
        let expected = keyed.master.client_finished(&self.transcript.hash());
        let same = bool::from(expected.as_slice().ct_eq(message.body()));
        if !same && !weakened::is(Weakness::FinishedUnchecked) {
            return Err(HandshakeError::BadFinished);
        }
        self.transcript.add(message.as_bytes());
        let data = keyed.master.server_finished(&self.transcript.hash());
        let finished = Message::write(FINISHED, reply_sequence, |out| out.extend_from_slice(&data));
        Ok(Complete { peer: keyed.peer, once: keyed.once, session: keyed.session, finished })
    }
}

/// The first coordinate of a point.
fn x_of(point: &[u8; 65]) -> [u8; 32] {
    point.get(1..).and_then(<[u8]>::first_chunk).copied().unwrap_or_default()
}

/// `r` of an ECDSA signature in DER (RFC 3279, 2.2.3): the first of two integers, without the zero before a high bit.
fn first_half(signature: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    let [_, _, _, length, rest @ ..] = signature else { return out };
    let r = rest.get(..usize::from(*length)).unwrap_or_default();
    out.iter_mut().rev().zip(r.iter().rev()).for_each(|(to, from)| *to = *from);
    out
}

#[cfg(test)]
mod tests {
    use super::first_half;

    #[test]
    fn the_first_half_of_a_signature_is_read_whatever_its_length() {
        let mut short = [0x30, 6, 2, 1, 7, 2, 1, 9];
        assert_eq!(first_half(&short).last(), Some(&7));
        short[3] = 200;
        assert_eq!(first_half(&short), [0; 32]);
        let mut long = [0xab; 39];
        long[..5].copy_from_slice(&[0x30, 37, 2, 33, 0]);
        assert_eq!(first_half(&long), [0xab; 32]);
    }
}
