//! The device's handshake from its first hello to its session: datagrams, timers and the output queue around
//! the flow.

use super::flow::{Shared, Stage};
use super::{ClientConfig, HANDSHAKE_LIMIT, MAX_EARLY, MAX_MESSAGE, Offer};
use crate::alert;
use crate::connection_id::ConnectionId;
use crate::crypto::Crypto;
use crate::dispatch::Dispatch;
use crate::error::{HandshakeError, OpenError};
use crate::flight::{Flight, MAX_DATAGRAM};
use crate::message::client_hello::ClientOffer;
use crate::message::{
    CLIENT_HELLO, FINISHED, Fragment, HELLO_VERIFY_REQUEST, Message, SERVER_HELLO_DONE,
    server_hello,
};
use crate::reassembly::{Reassembly, Taken};
use crate::record::header::{ALERT, CLEAR_EPOCH, HANDSHAKE, Header, PROTECTED_EPOCH};
use crate::session::{Content, Session, first_record};
use crate::transcript::Transcript;
use crate::wire::{Malformed, Reader};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

/// Clouds that challenge more often than this are given up.
const MAX_CHALLENGES: u8 = 4;

/// The device's side of one handshake. The same contract as the server's.
pub struct Handshake<C: Crypto> {
    shared: Shared<C>,
    stage: Stage,
    inbox: Reassembly,
    dispatch: Dispatch,
    /// The sequence number of our next handshake message.
    next_message: u16,
    challenges: u8,
    early: Vec<Vec<u8>>,
}

impl<C: Crypto> Handshake<C> {
    /// Starts a handshake: the first hello is ready to send.
    ///
    /// # Errors
    /// [`HandshakeError::Crypto`] when there is no randomness.
    pub fn start(config: Arc<ClientConfig<C>>, now: Duration) -> Result<Self, HandshakeError> {
        let client_random = config.random()?;
        let shared = Shared { config, client_random, transcript: Transcript::default() };
        let mut handshake = Self {
            shared,
            stage: Stage::AwaitServerHello,
            inbox: Reassembly::new(0, MAX_MESSAGE),
            dispatch: Dispatch::new(Flight::new(0), now.saturating_add(HANDSHAKE_LIMIT)),
            next_message: 0,
            challenges: 0,
            early: Vec::new(),
        };
        handshake.say_hello(now, &[])?;
        Ok(handshake)
    }

    /// RFC 6347 4.2.1: the same hello again, but for the cookie; the transcript starts with it.
    fn say_hello(&mut self, now: Duration, cookie: &[u8]) -> Result<(), HandshakeError> {
        let config = &self.shared.config;
        let offer = ClientOffer {
            random: &self.shared.client_random,
            cookie,
            device_os: config.offer == Offer::DeviceOs,
            connection_id: config.connection_id.as_ref().map_or(&[], |id| id.as_bytes()),
        };
        let hello = Message::write(CLIENT_HELLO, self.next_message, |out| offer.write(out));
        self.next_message = self.next_message.saturating_add(1);
        self.shared.transcript = Transcript::default();
        self.shared.transcript.add(hello.as_bytes());
        self.dispatch.begin(vec![hello]);
        self.transmit(now)
    }

    /// Takes a datagram of the cloud; it is decrypted in place. Records that make no sense are dropped.
    ///
    /// # Errors
    /// The handshake is over after any error.
    pub fn handle_datagram(
        &mut self,
        now: Duration,
        datagram: &mut [u8],
    ) -> Result<(), HandshakeError> {
        if matches!(self.stage, Stage::Over) {
            return Err(HandshakeError::Over);
        }
        let result = self.handle_records(now, datagram);
        result.map_err(|error| self.fail(error))
    }

    fn handle_records(
        &mut self,
        now: Duration,
        mut datagram: &mut [u8],
    ) -> Result<(), HandshakeError> {
        let id_length = self.shared.config.connection_id.map_or(0, |_| ConnectionId::LENGTH);
        let mut repeated = false;
        while let Some((header, length)) = first_record(datagram, id_length) {
            let Some((record, rest)) = datagram.split_at_mut_checked(length) else { break };
            repeated |= self.handle_record(&header, record)?;
            self.take_messages(now)?;
            datagram = rest;
        }
        // RFC 6347 4.2.4: the cloud repeats its flight, so ours was lost.
        if repeated && matches!(self.stage, Stage::AwaitFinished(_)) {
            self.transmit(now)?;
        }
        Ok(())
    }

    /// Whether the record repeats the end of the cloud's flight.
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

    fn handle_protected(&mut self, record: &mut [u8]) -> Result<(), HandshakeError> {
        let Some(session) = self.stage.session_mut() else {
            if self.early.len() < MAX_EARLY && record.len() <= MAX_DATAGRAM {
                self.early.push(record.to_vec());
            }
            return Ok(());
        };
        match session.open(record).map(|opened| opened.content) {
            Ok(Content::Handshake(body)) => {
                let body = body.to_vec();
                self.take_fragments(&body, PROTECTED_EPOCH);
                Ok(())
            }
            Ok(Content::CloseNotify) => Err(HandshakeError::PeerAlert(alert::CLOSE_NOTIFY)),
            Ok(Content::Alert { fatal: true, description }) => {
                Err(HandshakeError::PeerAlert(description))
            }
            Err(OpenError::TooManyForged) => Err(HandshakeError::TooManyForged),
            // What the cloud says before its Finished arrives, it says again.
            Ok(Content::Application(_) | Content::Alert { .. }) | Err(_) => Ok(()),
        }
    }

    /// Whether the fragments repeat the end of the cloud's flight. Finished alone is protected.
    fn take_fragments(&mut self, body: &[u8], epoch: u16) -> bool {
        let mut reader = Reader::new(body);
        let mut repeated = false;
        while !reader.is_empty() {
            let Ok(fragment) = Fragment::read(&mut reader) else { break };
            if (fragment.kind == FINISHED) != (epoch == PROTECTED_EPOCH) {
                continue;
            }
            let taken = self.inbox.insert(&fragment);
            repeated |= taken == Taken::Repeated && fragment.kind == SERVER_HELLO_DONE;
        }
        repeated
    }

    fn take_messages(&mut self, now: Duration) -> Result<(), HandshakeError> {
        while !matches!(self.stage, Stage::Complete(_)) {
            let Some(message) = self.inbox.pop() else { break };
            if message.kind() == HELLO_VERIFY_REQUEST
                && matches!(self.stage, Stage::AwaitServerHello)
            {
                self.answer_challenge(now, &message)?;
                continue;
            }
            let stage = core::mem::replace(&mut self.stage, Stage::Over);
            let (stage, flight) = stage.advance(&mut self.shared, &message, self.next_message)?;
            self.stage = stage;
            if let Some(messages) = flight {
                self.dispatch.begin(messages);
                self.transmit(now)?;
                self.open_early()?;
            }
        }
        Ok(())
    }

    fn answer_challenge(&mut self, now: Duration, message: &Message) -> Result<(), HandshakeError> {
        let cookie = server_hello::read_verify_request(message.body())
            .map_err(|Malformed| HandshakeError::Malformed("HelloVerifyRequest"))?;
        self.challenges += 1;
        if self.challenges > MAX_CHALLENGES {
            return Err(HandshakeError::NoAgreement("the cookie"));
        }
        self.say_hello(now, cookie)
    }

    fn open_early(&mut self) -> Result<(), HandshakeError> {
        let early = core::mem::take(&mut self.early);
        early.into_iter().try_for_each(|mut record| self.handle_protected(&mut record))
    }

    fn transmit(&mut self, now: Duration) -> Result<(), HandshakeError> {
        self.dispatch.transmit(now, self.stage.session_mut())
    }

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

    /// The session, when complete.
    #[must_use]
    pub fn finish(self) -> Option<Session> {
        match self.stage {
            Stage::Complete(session) => Some(session),
            _ => None,
        }
    }
}
