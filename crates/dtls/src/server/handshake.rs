//! One client's handshake from its proven hello to its session: datagrams, timers and the output queue around
//! the flow. Memory is bounded by the constants of `server.rs` and `reassembly.rs`.

use super::flow::{Shared, Stage};
use super::{
    HANDSHAKE_LIMIT, LINGER_LIMIT, Linger, MAX_EARLY, MAX_EARLY_RECORD, MAX_MESSAGE, PinnedKeys,
    ProvenHello, ServerConfig,
};
use crate::alert;
use crate::connection_id::ConnectionId;
use crate::crypto::Crypto;
use crate::dialect::{self, Dialect};
use crate::dispatch::Dispatch;
use crate::error::{HandshakeError, OpenError};
use crate::flight::Flight;
use crate::key::PublicKey;
use crate::message::{CLIENT_HELLO, FINISHED, Fragment, Message};
use crate::reassembly::{Reassembly, Taken};
use crate::record::header::{ALERT, CLEAR_EPOCH, HANDSHAKE, Header, PROTECTED_EPOCH};
use crate::session::{Content, Session, first_record};
use crate::transcript::Transcript;
use crate::wire::Reader;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

/// The cloud's side of one handshake.
///
/// Feed it datagrams and the time; after every call send what [`Handshake::poll_transmit`] gives and come back
/// at [`Handshake::poll_timeout`]. An error ends it, but what it wants to send then is still to be sent.
pub struct Handshake<C: Crypto> {
    shared: Shared<C>,
    stage: Stage<C>,
    inbox: Reassembly,
    dispatch: Dispatch,
    /// The sequence number of our next handshake message.
    next_message: u16,
    early: Vec<Vec<u8>>,
}

/// What a client made up for one handshake, as it was seen on the wire. Where one of these comes again, in this client's
/// next handshake or in another's, its random numbers are none; with the signature's, its private key is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Once {
    /// The random number of its hello.
    pub random: [u8; 32],
    /// The first coordinate of its ephemeral point.
    pub point: [u8; 32],
    /// The first half of its signature.
    pub signature: [u8; 32],
}

/// What a finished handshake leaves.
pub struct Established {
    /// The record layer.
    pub session: Session,
    /// The device's key: pinned, and proven to be its own.
    pub peer: PublicKey,
    /// What the device must never bring again.
    pub once: Once,
    /// The last flight, to be repeated while the client asks for it.
    pub linger: Linger,
    /// Records that came before the client's Finished, to be opened now.
    pub early: Vec<Vec<u8>>,
}

impl<C: Crypto> Handshake<C> {
    /// Takes up a client whose address is proven. `cid` is what it will put on its records, if its dialect has
    /// connection IDs. The first flight is ready to send afterwards.
    ///
    /// # Errors
    /// [`HandshakeError::NoAgreement`] and [`HandshakeError::Malformed`] for a hello that cannot be served,
    /// [`HandshakeError::Crypto`] when the backend fails.
    pub fn accept(
        config: Arc<ServerConfig<C>>,
        hello: ProvenHello<'_>,
        cid: ConnectionId,
        now: Duration,
    ) -> Result<Self, HandshakeError> {
        let terms = dialect::decide(&hello.hello)?;
        let mut transcript = Transcript::default();
        transcript.add(Message::received(CLIENT_HELLO, hello.sequence, hello.body).as_bytes());
        let server_random = config.random()?;
        let client_random = *hello.hello.random;
        let mut shared =
            Shared { config, terms, id: cid, client_random, server_random, transcript };
        let (messages, key) = shared.first_flight(hello.sequence)?;

        let next_message = messages.last().map_or(0, Message::sequence).saturating_add(1);
        let deadline = now.saturating_add(HANDSHAKE_LIMIT);
        let mut dispatch = Dispatch::new(Flight::new(hello.record), deadline);
        dispatch.begin(messages);
        dispatch.transmit(now, None)?;
        Ok(Self {
            shared,
            stage: Stage::AwaitCertificate(key),
            inbox: Reassembly::new(hello.sequence.saturating_add(1), MAX_MESSAGE),
            dispatch,
            next_message,
            early: Vec::new(),
        })
    }

    /// Whether a proven hello belongs to this very handshake: then its datagram goes to
    /// [`Handshake::handle_datagram`]; otherwise the client started anew.
    #[must_use]
    pub fn is_for(&self, hello: &ProvenHello<'_>) -> bool {
        self.shared.client_random == *hello.random()
    }

    /// Takes a datagram of the client; it is decrypted in place. Records that make no sense are dropped.
    ///
    /// # Errors
    /// The handshake is over after any error.
    pub fn handle_datagram(
        &mut self,
        now: Duration,
        datagram: &mut [u8],
        pins: &mut dyn PinnedKeys,
    ) -> Result<(), HandshakeError> {
        if matches!(self.stage, Stage::Over) {
            return Err(HandshakeError::Over);
        }
        let result = self.handle_records(now, datagram, pins);
        result.map_err(|error| self.fail(error))
    }

    fn handle_records(
        &mut self,
        now: Duration,
        mut datagram: &mut [u8],
        pins: &mut dyn PinnedKeys,
    ) -> Result<(), HandshakeError> {
        let id_length = if self.dialect().has_connection_id() { ConnectionId::LENGTH } else { 0 };
        let mut repeated = false;
        while let Some((header, length)) = first_record(datagram, id_length) {
            let Some((record, rest)) = datagram.split_at_mut_checked(length) else { break };
            repeated |= self.handle_record(&header, record)?;
            self.take_messages(now, pins)?;
            datagram = rest;
        }
        // RFC 6347 4.2.4: a repeated flight of the peer is answered by repeating ours.
        if repeated && matches!(self.stage, Stage::AwaitCertificate(_)) {
            self.transmit(now)?;
        }
        Ok(())
    }

    /// Whether the record repeats the hello.
    fn handle_record(
        &mut self,
        header: &Header,
        record: &mut [u8],
    ) -> Result<bool, HandshakeError> {
        match (header.epoch, header.kind) {
            (CLEAR_EPOCH, HANDSHAKE) => {
                let body = record.get(header.length..).unwrap_or_default();
                Ok(self.take_fragments(body, CLEAR_EPOCH))
            }
            (CLEAR_EPOCH, ALERT) => match record.get(header.length..) {
                Some([alert::FATAL, description] | [_, description @ alert::CLOSE_NOTIFY]) => {
                    Err(HandshakeError::PeerAlert(*description))
                }
                _ => Ok(false),
            },
            (PROTECTED_EPOCH, _) => self.handle_protected(record).map(|()| false),
            _ => Ok(false),
        }
    }

    /// A record of epoch 1: kept until there are keys, opened then.
    fn handle_protected(&mut self, record: &mut [u8]) -> Result<(), HandshakeError> {
        let Some(session) = self.stage.session_mut() else {
            self.keep(record);
            return Ok(());
        };
        let (before, copy) = (session.window, record.to_vec());
        match session.open(record).map(|opened| opened.content) {
            Ok(Content::Handshake(body)) => {
                let body = body.to_vec();
                self.take_fragments(&body, PROTECTED_EPOCH);
                Ok(())
            }
            Ok(Content::Application(_)) => {
                // Not ours to read yet: it is opened again by whoever gets the session.
                session.window = before;
                self.keep(&copy);
                Ok(())
            }
            Ok(Content::CloseNotify) => Err(HandshakeError::PeerAlert(alert::CLOSE_NOTIFY)),
            Ok(Content::Alert { fatal: true, description }) => {
                Err(HandshakeError::PeerAlert(description))
            }
            Err(OpenError::TooManyForged) => Err(HandshakeError::TooManyForged),
            Ok(Content::Alert { .. }) | Err(_) => Ok(()),
        }
    }

    fn keep(&mut self, record: &[u8]) {
        let fresh = !self.early.iter().any(|kept| kept == record);
        if fresh && self.early.len() < MAX_EARLY && record.len() <= MAX_EARLY_RECORD {
            self.early.push(record.to_vec());
        }
    }

    /// Whether one of the fragments repeats the hello. Finished alone is protected (RFC 5246 7.4.9).
    fn take_fragments(&mut self, body: &[u8], epoch: u16) -> bool {
        let mut reader = Reader::new(body);
        let mut repeated = false;
        while !reader.is_empty() {
            let Ok(fragment) = Fragment::read(&mut reader) else { break };
            if (fragment.kind == FINISHED) != (epoch == PROTECTED_EPOCH) {
                continue;
            }
            let taken = self.inbox.insert(&fragment);
            repeated |= taken == Taken::Repeated && fragment.kind == CLIENT_HELLO;
        }
        repeated
    }

    /// Moves on by every message that is whole.
    fn take_messages(
        &mut self,
        now: Duration,
        pins: &mut dyn PinnedKeys,
    ) -> Result<(), HandshakeError> {
        while !matches!(self.stage, Stage::Complete(_)) {
            let Some(message) = self.inbox.pop() else { break };
            let had_keys = self.stage.session_mut().is_some();
            let stage = core::mem::replace(&mut self.stage, Stage::Over);
            self.stage = stage.advance(&mut self.shared, &message, self.next_message, pins)?;
            if let Stage::Complete(complete) = &self.stage {
                self.dispatch.begin(alloc::vec![complete.finished.clone()]);
                self.transmit(now)?;
            }
            if !had_keys && self.stage.session_mut().is_some() {
                self.open_early()?;
            }
        }
        Ok(())
    }

    fn open_early(&mut self) -> Result<(), HandshakeError> {
        let early = core::mem::take(&mut self.early);
        early.into_iter().try_for_each(|mut record| self.handle_protected(&mut record))
    }

    fn transmit(&mut self, now: Duration) -> Result<(), HandshakeError> {
        self.dispatch.transmit(now, self.stage.session_mut())
    }

    /// Ends the handshake; the wire hears of it where it should.
    fn fail(&mut self, error: HandshakeError) -> HandshakeError {
        self.stage = Stage::Over;
        self.dispatch.fail(&error);
        error
    }

    /// To be called when [`Handshake::poll_timeout`] is reached: repeats the flight.
    ///
    /// # Errors
    /// [`HandshakeError::TimedOut`] once the handshake took longer than [`HANDSHAKE_LIMIT`].
    pub fn handle_timeout(&mut self, now: Duration) -> Result<(), HandshakeError> {
        match self.stage {
            Stage::Over => Err(HandshakeError::Over),
            Stage::Complete(_) => Ok(()),
            _ if self.dispatch.is_late(now) => Err(self.fail(HandshakeError::TimedOut)),
            _ if self.dispatch.is_due(now) => self.transmit(now),
            _ => Ok(()),
        }
    }

    /// The next datagram to send: at most 1200 bytes. After an error it may be an alert.
    pub fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.dispatch.next()
    }

    /// When [`Handshake::handle_timeout`] wants to be called; `None` once the handshake ended.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        match self.stage {
            Stage::Over | Stage::Complete(_) => None,
            _ => Some(self.dispatch.timeout()),
        }
    }

    /// Whether [`Handshake::finish`] has something to give.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        matches!(self.stage, Stage::Complete(_))
    }

    /// What kind of peer this is.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        self.shared.terms.dialect
    }

    /// The session and what goes with it, when complete. Drain [`Handshake::poll_transmit`] first: the last
    /// flight is in there.
    #[must_use]
    pub fn finish(self) -> Option<Established> {
        let Stage::Complete(complete) = self.stage else { return None };
        let expires = self.dispatch.deadline().saturating_add(LINGER_LIMIT);
        let linger = Linger::new(complete.finished, self.dispatch.next_record(), expires);
        Some(Established {
            session: complete.session,
            peer: complete.peer,
            once: complete.once,
            linger,
            early: self.early,
        })
    }
}
