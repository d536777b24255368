//! The messages of a handshake as the device sees them, and what each one does.
//!
//! ```text
//!    client                                          server
//! 1. ClientHello                          ---->                           AwaitServerHello
//! 2.                                      <----      HelloVerifyRequest
//! 3. ClientHello with cookie              ---->                           AwaitServerHello
//! 4.                                      <----      ServerHello          AwaitCertificate, standard clouds
//!                                                    Certificate          AwaitKeyExchange
//!                                                    ServerKeyExchange    AwaitRequest: the cloud is proven
//!                                                    CertificateRequest   AwaitDone
//!                                                    ServerHelloDone
//! 5. Certificate                          ---->
//!    ClientKeyExchange
//!    CertificateVerify
//!    ChangeCipherSpec, Finished                                           AwaitFinished
//! 6.                                      <----      ChangeCipherSpec, Finished
//! ```

use super::{ClientConfig, Offer};
use crate::connection_id::{ConnectionId, PeerConnectionId};
use crate::crypto::Crypto;
use crate::dialect::Dialect;
use crate::error::HandshakeError;
use crate::key_schedule::MasterSecret;
use crate::message::client_hello::{NO_COMPRESSION, SUITE};
use crate::message::extension::{
    CLIENT_CERTIFICATE_TYPE, CONNECTION_ID, DEVICE_OS_CONNECTION_ID, EXTENDED_MASTER_SECRET,
    Extensions, RAW_PUBLIC_KEY, RENEGOTIATION_INFO, SERVER_CERTIFICATE_TYPE,
};
use crate::message::key_exchange::ServerKeyExchange;
use crate::message::server_hello::ServerHello;
use crate::message::{
    CERTIFICATE, CERTIFICATE_REQUEST, CERTIFICATE_VERIFY, CLIENT_KEY_EXCHANGE, FINISHED, Message,
    SERVER_HELLO, SERVER_HELLO_DONE, SERVER_KEY_EXCHANGE, certificate, key_exchange,
};
use crate::record::header::DTLS_1_2;
use crate::session::{Role, Session};
use crate::transcript::Transcript;
use crate::wire::{Malformed, Reader, put_vec8};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use subtle::ConstantTimeEq;

/// What holds for the whole handshake.
pub(super) struct Shared<C: Crypto> {
    pub(super) config: Arc<ClientConfig<C>>,
    pub(super) client_random: [u8; 32],
    pub(super) transcript: Transcript,
}

/// What the cloud chose in its ServerHello.
#[derive(Clone, Copy)]
pub(super) struct Chosen {
    server_random: [u8; 32],
    dialect: Dialect,
    peer_id: PeerConnectionId,
    extended_master_secret: bool,
}

/// Where the handshake is.
pub(super) enum Stage {
    AwaitServerHello,
    AwaitCertificate(Chosen),
    AwaitKeyExchange(Chosen),
    AwaitRequest(Chosen, [u8; 65]),
    AwaitDone(Chosen, [u8; 65]),
    AwaitFinished(Keyed),
    Complete(Session),
    Over,
}

/// Our last flight is out.
pub(super) struct Keyed {
    master: MasterSecret,
    pub(super) session: Session,
}

impl Stage {
    pub(super) const fn session_mut(&mut self) -> Option<&mut Session> {
        match self {
            Self::AwaitFinished(keyed) => Some(&mut keyed.session),
            Self::Complete(session) => Some(session),
            _ => None,
        }
    }

    /// Takes the next message of the cloud; gives our next flight when there is one.
    pub(super) fn advance<C: Crypto>(
        self,
        shared: &mut Shared<C>,
        message: &Message,
        next_message: u16,
    ) -> Result<(Self, Option<Vec<Message>>), HandshakeError> {
        let next = match (self, message.kind()) {
            (Self::AwaitServerHello, SERVER_HELLO) => {
                let chosen = shared.read_server_hello(message)?;
                if chosen.dialect.server_shows_key() {
                    Self::AwaitCertificate(chosen)
                } else {
                    Self::AwaitKeyExchange(chosen)
                }
            }
            (Self::AwaitCertificate(chosen), CERTIFICATE) => {
                shared.check_cloud_key(message)?;
                Self::AwaitKeyExchange(chosen)
            }
            (Self::AwaitKeyExchange(chosen), SERVER_KEY_EXCHANGE) => {
                let point = shared.check_key_exchange(&chosen, message)?;
                Self::AwaitRequest(chosen, point)
            }
            (Self::AwaitRequest(chosen, point), CERTIFICATE_REQUEST) => {
                check_request(message)?;
                Self::AwaitDone(chosen, point)
            }
            (Self::AwaitDone(chosen, point), SERVER_HELLO_DONE) => {
                if !message.body().is_empty() {
                    return Err(HandshakeError::Malformed("ServerHelloDone"));
                }
                shared.transcript.add(message.as_bytes());
                let (keyed, flight) = shared.last_flight(&chosen, &point, next_message)?;
                return Ok((Self::AwaitFinished(keyed), Some(flight)));
            }
            (Self::AwaitFinished(keyed), FINISHED) => {
                Self::Complete(shared.check_finished(keyed, message)?)
            }
            (_, kind) => return Err(HandshakeError::Unexpected(kind)),
        };
        shared.transcript.add(message.as_bytes());
        Ok((next, None))
    }
}

fn check_request(message: &Message) -> Result<(), HandshakeError> {
    match certificate::read_request(message.body()) {
        Ok(true) => Ok(()),
        Ok(false) => Err(HandshakeError::NoAgreement("the kind of our key")),
        Err(Malformed) => Err(HandshakeError::Malformed("CertificateRequest")),
    }
}

impl<C: Crypto> Shared<C> {
    fn read_server_hello(&self, message: &Message) -> Result<Chosen, HandshakeError> {
        let hello = ServerHello::read(message.body())
            .map_err(|Malformed| HandshakeError::Malformed("ServerHello"))?;
        let agreed = [
            (hello.version == DTLS_1_2, "the version"),
            (hello.suite == SUITE, "the cipher suite"),
            (hello.compression == NO_COMPRESSION, "the compression"),
            (answers(&hello.extensions, CLIENT_CERTIFICATE_TYPE), "the client's kind of key"),
            (answers(&hello.extensions, SERVER_CERTIFICATE_TYPE), "the server's kind of key"),
            // RFC 5746 3.4: empty in a first handshake.
            (
                matches!(hello.extensions.find(RENEGOTIATION_INFO), None | Some([0])),
                "renegotiation",
            ),
        ];
        if let Some((_, what)) = agreed.into_iter().find(|(agreed, _)| !agreed) {
            return Err(HandshakeError::NoAgreement(what));
        }
        let (dialect, peer_id) = self.read_connection_id(&hello.extensions)?;
        let offered = self.config.offer == Offer::Standard;
        let extended_master_secret =
            offered && hello.extensions.find(EXTENDED_MASTER_SECRET).is_some();
        Ok(Chosen { server_random: *hello.random, dialect, peer_id, extended_master_secret })
    }

    fn read_connection_id(
        &self,
        extensions: &Extensions<'_>,
    ) -> Result<(Dialect, PeerConnectionId), HandshakeError> {
        let (kind, dialect) = match self.config.offer {
            Offer::DeviceOs => (DEVICE_OS_CONNECTION_ID, Dialect::DeviceOs),
            Offer::Standard => (CONNECTION_ID, Dialect::Rfc9146),
        };
        let Some(data) = extensions.find(kind) else {
            return match self.config.offer {
                Offer::DeviceOs => Err(HandshakeError::NoConnectionId),
                Offer::Standard => Ok((Dialect::Plain, PeerConnectionId::NONE)),
            };
        };
        let mut reader = Reader::new(data);
        let id = reader.vec8().and_then(|id| reader.end().map(|()| id));
        let id = id.map_err(|Malformed| HandshakeError::Malformed("connection ID"))?;
        // A device that loses its address needs an ID of 8 bytes to be found again.
        if dialect == Dialect::DeviceOs && id.len() != ConnectionId::LENGTH {
            return Err(HandshakeError::NoConnectionId);
        }
        let id =
            PeerConnectionId::new(id).ok_or(HandshakeError::NoAgreement("the connection ID"))?;
        Ok((dialect, id))
    }

    /// P1: the cloud's key is the pinned one, or the handshake is over.
    fn check_cloud_key(&self, message: &Message) -> Result<(), HandshakeError> {
        let key = certificate::read(message.body())
            .map_err(|Malformed| HandshakeError::Malformed("Certificate"))?;
        if key == self.config.cloud { Ok(()) } else { Err(HandshakeError::WrongCloudKey) }
    }

    /// P1: the signature must verify under the pinned key, whether a Certificate came or not.
    fn check_key_exchange(
        &self,
        chosen: &Chosen,
        message: &Message,
    ) -> Result<[u8; 65], HandshakeError> {
        let exchange = ServerKeyExchange::read(message.body())
            .map_err(|Malformed| HandshakeError::Malformed("ServerKeyExchange"))?;
        let digest = exchange.digest(&self.client_random, &chosen.server_random);
        let verified =
            self.config.crypto.verify_digest(&self.config.cloud, &digest, exchange.signature);
        verified.map_err(|_| HandshakeError::BadSignature("ServerKeyExchange"))?;
        Ok(*exchange.point)
    }

    /// Flight 5: our key, the agreement, the proof, Finished.
    fn last_flight(
        &mut self,
        chosen: &Chosen,
        point: &[u8; 65],
        sequence: u16,
    ) -> Result<(Keyed, Vec<Message>), HandshakeError> {
        let config = self.config.clone();
        let shown =
            Message::write(CERTIFICATE, sequence, |out| certificate::write(out, &config.public));
        self.transcript.add(shown.as_bytes());

        let (key, own_point) = config.crypto.ephemeral()?;
        let exchange = Message::write(CLIENT_KEY_EXCHANGE, sequence.saturating_add(1), |out| {
            put_vec8(out, &own_point);
        });
        self.transcript.add(exchange.as_bytes());
        let keyed = self.make_keys(chosen, key, point)?;

        let signature = config.crypto.sign_digest(&config.key, &self.transcript.hash())?;
        let verify = Message::write(CERTIFICATE_VERIFY, sequence.saturating_add(2), |out| {
            key_exchange::put_signature(out, &signature);
        });
        self.transcript.add(verify.as_bytes());

        let data = keyed.master.client_finished(&self.transcript.hash());
        let finished = Message::write(FINISHED, sequence.saturating_add(3), |out| {
            out.extend_from_slice(&data)
        });
        self.transcript.add(finished.as_bytes());
        Ok((keyed, vec![shown, exchange, verify, finished]))
    }

    fn make_keys(
        &self,
        chosen: &Chosen,
        key: C::EphemeralKey,
        point: &[u8; 65],
    ) -> Result<Keyed, HandshakeError> {
        let premaster = self.config.crypto.agree(key, point);
        let premaster =
            premaster.map_err(|_| HandshakeError::Malformed("ServerKeyExchange's point"))?;
        let master = if chosen.extended_master_secret {
            MasterSecret::extended(&premaster, &self.transcript.hash())
        } else {
            MasterSecret::plain(&premaster, &self.client_random, &chosen.server_random)
        };
        let keys = master.key_block(&self.client_random, &chosen.server_random);
        // RFC 9146 3: our own ID counts only when the cloud answered the extension.
        let local_id = self.config.connection_id.filter(|_| chosen.dialect == Dialect::Rfc9146);
        let start = self.config.random()?;
        let session =
            Session::new(Role::Client, chosen.dialect, keys, local_id, chosen.peer_id, start);
        Ok(Keyed { master, session })
    }

    fn check_finished(&self, keyed: Keyed, message: &Message) -> Result<Session, HandshakeError> {
        let expected = keyed.master.server_finished(&self.transcript.hash());
        let same = bool::from(expected.as_slice().ct_eq(message.body()));
        if same { Ok(keyed.session) } else { Err(HandshakeError::BadFinished) }
    }
}

/// RFC 7250 4.2: the server's answer is the one kind of key it chose.
fn answers(extensions: &Extensions<'_>, kind: u16) -> bool {
    extensions.find(kind) == Some(&[RAW_PUBLIC_KEY])
}
