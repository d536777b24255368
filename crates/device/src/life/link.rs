//! One session with the cloud: sealing and opening, what waits for an acknowledgement, silence, and its end.

use super::calls::Calls;
use super::happening::{Happening, Loss, Unpublished};
use super::join::Stage;
use super::outbox::{Outbox, Publication};
use super::outlet::Outlet;
use super::profile::Bodies;
use super::silence::{Due, Silence};
use super::updating::Updating;
use crate::saved::Told;
use pintle_dtls::{Content, ExportedSession, OpenError, Session};
use pintle_protocol::coap::{Kind, Message, MessageId};
use pintle_protocol::describe::DescribeKind;
use pintle_protocol::exchange::{Exchange, Numbering, Received, Settings};
use pintle_protocol::goodbye::Goodbye;
use pintle_protocol::{MAX_MESSAGE, from_device, reply};
use std::time::Duration;

/// How long a goodbye waits for its acknowledgement.
const PARTING: Duration = Duration::from_secs(3);
/// How many events may be unacknowledged at a time.
const MAX_EVENTS_OUT: usize = 8;
/// The goodbye of somebody who was told to end.
const USER_REASON: u32 = 2;

/// What waits for an acknowledgement.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Tag {
    Hello,
    Ping,
    Time,
    /// An event of the system's own.
    Status,
    /// How the last update went.
    Report,
    /// The answer to the finish of an update that waits for the next start.
    Staged,
    /// A describe; the number of its next block, if there is one.
    Describe(DescribeKind, Option<u32>),
    Subscription,
    Event(Publication),
    /// An answer to a question.
    Answer,
    Goodbye,
}

/// Why a link came to its end, or must move.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ending {
    /// Nothing heard: the same session from a new port.
    Silence,
    /// The session is over.
    GiveUp(Loss),
    /// The device left.
    Left,
}

/// One session.
pub(super) struct Link {
    session: Session,
    pub(super) exchange: Exchange<Tag>,
    pub(super) stage: Stage,
    pub(super) told: Told,
    pub(super) generation: u32,
    /// Whether records are marked as coming from a new address: until something is heard.
    moved: bool,
    /// Whether there was no handshake.
    pub(super) resumed: bool,
    pub(super) silence: Silence,
    events_out: usize,
    pub(super) calls: Calls,
    pub(super) updating: Option<Box<Updating>>,
}

impl Link {
    pub(super) fn new(
        session: Session,
        counters: (u16, u8),
        told: Told,
        generation: u32,
        now: Duration,
    ) -> Self {
        let mut exchange = Exchange::new(Settings::default(), counters.0, counters.1);
        exchange.set_numbering(Numbering::Up(None));
        Self {
            session,
            exchange,
            stage: Stage::Greeting,
            told,
            generation,
            moved: false,
            resumed: false,
            silence: Silence::new(now),
            events_out: 0,
            calls: Calls::default(),
            updating: None,
        }
    }

    /// Goes on from a new port: marked records, a ping first, and nothing more until something is heard.
    pub(super) fn resume(&mut self, now: Duration, outlet: &mut Outlet) {
        self.abandon(outlet);
        self.moved = true;
        self.resumed = true;
        self.silence.resumed();
        self.stage = Stage::Resuming;
        // Should the ping not be sealed, the timeout finds out.
        let _ = self.ping(now, outlet);
    }

    /// Seals and sends one message.
    pub(super) fn transmit(&mut self, message: &[u8], outlet: &mut Outlet) -> Result<(), Ending> {
        let mut datagram = Vec::with_capacity(message.len() + Session::max_overhead());
        let sealed = match self.moved {
            true => self.session.seal_moved(message, &mut datagram),
            false => self.session.seal(message, &mut datagram),
        };
        sealed.map_err(|_| Ending::GiveUp(Loss::Exhausted))?;
        outlet.transmit.push_back(datagram);
        Ok(())
    }

    /// Sends a confirmable message that `write` appends, and remembers it.
    pub(super) fn confirmable(
        &mut self,
        now: Duration,
        outlet: &mut Outlet,
        tag: Tag,
        write: impl FnOnce(&mut Vec<u8>, MessageId) -> Result<(), pintle_protocol::Error>,
    ) -> Result<(), Ending> {
        let id = self.exchange.next_id();
        let mut message = Vec::new();
        // What is too long for a device is refused before it comes here.
        if write(&mut message, id).is_err() || message.len() > MAX_MESSAGE {
            return Ok(());
        }
        self.transmit(&message, outlet)?;
        // When too much is outstanding, the message goes without repetition.
        if let Err(tag) = self.exchange.send(now, outlet.jitter(), id, message, tag) {
            self.lose(tag, outlet);
        }
        Ok(())
    }

    /// Sends the answer to the cloud's message `id`, and remembers it for repetitions.
    pub(super) fn answer(
        &mut self,
        now: Duration,
        outlet: &mut Outlet,
        id: MessageId,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), Ending> {
        let mut message = Vec::new();
        write(&mut message);
        self.exchange.answered(now, id, &message);
        self.transmit(&message, outlet)
    }

    /// Takes a datagram: any number of records.
    pub(super) fn handle_datagram(
        &mut self,
        now: Duration,
        datagram: &mut [u8],
        bodies: &Bodies,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        let mut rest = datagram;
        while !rest.is_empty() {
            let opened = match self.session.open(rest) {
                Ok(opened) => opened,
                Err(OpenError::TooManyForged) => return Err(self.close(outlet)),
                // P2: a record that does not authenticate is dropped.
                Err(_) => return Ok(()),
            };
            rest = opened.rest;
            match opened.content {
                Content::Application(message) => {
                    self.heard(now);
                    self.handle_message(now, message, bodies, outlet)?;
                }
                Content::CloseNotify => return Err(Ending::GiveUp(Loss::Closed)),
                Content::Alert { fatal: true, .. } => return Err(Ending::GiveUp(Loss::Closed)),
                // A repeated Finished, or a renegotiation, which is not done here.
                Content::Alert { .. } | Content::Handshake(_) => {}
            }
        }
        Ok(())
    }

    fn heard(&mut self, now: Duration) {
        self.silence.heard(now);
        self.moved = false;
    }

    fn close(&mut self, outlet: &mut Outlet) -> Ending {
        let mut datagram = Vec::new();
        if self.session.close(&mut datagram).is_ok() {
            outlet.transmit.push_back(datagram);
        }
        Ending::GiveUp(Loss::Exhausted)
    }

    fn handle_message(
        &mut self,
        now: Duration,
        message: &[u8],
        bodies: &Bodies,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        // Datagrams of a byte or none keep address translations open.
        let Ok(message) = Message::parse(message) else { return Ok(()) };
        if message.kind == Kind::Reset {
            return Err(Ending::GiveUp(Loss::Reset));
        }
        if matches!(self.stage, Stage::Resuming) {
            self.rejoin(now, bodies, outlet)?;
        }
        let is_request = matches!(message.kind, Kind::Confirmable | Kind::NonConfirmable);
        // Not even remembered, so that its repetition is taken up later, maybe by the next run.
        if is_request && matches!(self.stage, Stage::Greeting | Stage::Leaving { .. }) {
            return Ok(());
        }
        match self.exchange.receive(now, &message) {
            Received::Fresh => self.handle_request(now, &message, bodies, outlet),
            Received::Duplicate(Some(answer)) => self.transmit(&answer, outlet),
            Received::Acknowledged(tag) => self.settled(now, tag, &message, bodies, outlet),
            Received::Stray if message.kind == Kind::Confirmable => {
                self.answer(now, outlet, message.id, |out| reply::ack_empty(out, message.id))
            }
            _ => Ok(()),
        }
    }

    /// Something of ours was acknowledged.
    fn settled(
        &mut self,
        now: Duration,
        tag: Tag,
        message: &Message<'_>,
        bodies: &Bodies,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        let taken = message.code.class() < 4;
        match tag {
            Tag::Event(publication) => {
                self.events_out = self.events_out.saturating_sub(1);
                outlet.tell(match taken {
                    true => Happening::Published(publication),
                    false => {
                        Happening::NotPublished(publication, Unpublished::Refused(message.code))
                    }
                });
            }
            Tag::Time => {
                if let Ok(seconds) = message.payload().try_into() {
                    outlet.tell(Happening::Time(u32::from_be_bytes(seconds)));
                }
            }
            Tag::Hello if !taken => return Err(Ending::GiveUp(Loss::HelloRefused)),
            _ => {}
        }
        self.proceed(now, tag, taken, bodies, outlet)?;
        self.left()
    }

    /// A leaving device is gone once nothing of it is outstanding.
    fn left(&self) -> Result<(), Ending> {
        match self.stage {
            Stage::Leaving { acknowledged: true, .. } if self.events_out == 0 => Err(Ending::Left),
            _ => Ok(()),
        }
    }

    pub(super) fn handle_timeout(
        &mut self,
        now: Duration,
        bodies: &Bodies,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        if matches!(self.stage, Stage::Leaving { until, .. } if until <= now) {
            return Err(Ending::Left);
        }
        self.go_on_updating(now, outlet)?;
        let due = self.silence.due(now, bodies.keepalive);
        match due.filter(|_| !self.is_updating()) {
            Some(Due::GiveUp) => return Err(Ending::GiveUp(Loss::Unresumable)),
            Some(Due::Resume) => return Err(Ending::Silence),
            Some(Due::Ping) => self.ping(now, outlet)?,
            None => {}
        }
        while let Some(message) = self.exchange.poll_retransmit(now).map(<[u8]>::to_vec) {
            self.transmit(&message, outlet)?;
        }
        while let Some(tag) = self.exchange.poll_given_up(now) {
            if tag != Tag::Ping {
                self.lose(tag, outlet);
                return Err(Ending::GiveUp(Loss::Unacknowledged));
            }
        }
        Ok(())
    }

    fn ping(&mut self, now: Duration, outlet: &mut Outlet) -> Result<(), Ending> {
        self.silence.pinged(now);
        self.confirmable(now, outlet, Tag::Ping, |out, id| {
            from_device::ping(out, id);
            Ok(())
        })
    }

    pub(super) fn poll_timeout(&self, keepalive: Duration) -> Option<Duration> {
        let updating = self.updating.as_ref().map(|updating| updating.poll_timeout());
        let silence = self.silence.deadline(keepalive);
        let silence = (!self.is_updating()).then_some(silence);
        let parting = match self.stage {
            Stage::Leaving { until, .. } => Some(until),
            _ => None,
        };
        [silence, updating, parting, self.exchange.poll_timeout()].into_iter().flatten().min()
    }

    /// Sends events while few enough are unacknowledged.
    pub(super) fn send_events(
        &mut self,
        now: Duration,
        outbox: &mut Outbox,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        let open = matches!(self.stage, Stage::Announcing { .. } | Stage::Connected)
            && self.updating.is_none();
        while open && self.events_out < MAX_EVENTS_OUT && !outbox.is_empty() {
            let Some(event) = outbox.pop() else { break };
            self.events_out += 1;
            self.confirmable(now, outlet, Tag::Event(event.publication), |out, id| {
                event.write(out, id)
            })?;
        }
        Ok(())
    }

    /// Says goodbye; what was not even greeted is left without one.
    pub(super) fn leave(&mut self, now: Duration, outlet: &mut Outlet) -> Result<(), Ending> {
        match self.stage {
            Stage::Greeting | Stage::Resuming => return Err(Ending::Left),
            Stage::Leaving { .. } => return Ok(()),
            Stage::Joining { .. } | Stage::Announcing { .. } | Stage::Connected => {}
        }
        self.stage = Stage::Leaving { until: now + PARTING, acknowledged: false };
        let goodbye = Goodbye { cloud_reason: Some(USER_REASON), ..Goodbye::default() };
        self.confirmable(now, outlet, Tag::Goodbye, |out, id| {
            from_device::goodbye(out, id, &goodbye)
        })
    }

    /// Forgets what is outstanding; publishers are told. What is stored of an update stays.
    pub(super) fn abandon(&mut self, outlet: &mut Outlet) {
        if self.updating.take().is_some() {
            outlet.intake.cancel(false);
        }
        let lost: Vec<Tag> = self.exchange.abandon().collect();
        lost.into_iter().for_each(|tag| self.lose(tag, outlet));
    }

    fn lose(&mut self, tag: Tag, outlet: &mut Outlet) {
        if let Tag::Event(publication) = tag {
            self.events_out = self.events_out.saturating_sub(1);
            outlet.tell(Happening::NotPublished(publication, Unpublished::Lost));
        }
    }

    /// Whether chunks of an update are to come.
    fn is_updating(&self) -> bool {
        self.updating.as_ref().is_some_and(|updating| updating.is_incomplete())
    }

    pub(super) fn is_connected(&self) -> bool {
        matches!(self.stage, Stage::Connected)
    }

    pub(super) const fn is_leaving(&self) -> bool {
        matches!(self.stage, Stage::Leaving { .. })
    }

    /// The message id and token that go next.
    pub(super) fn counters(&mut self) -> (u16, u8) {
        (self.exchange.next_id().0, self.exchange.next_token().0)
    }

    pub(super) const fn told(&self) -> Told {
        self.told
    }

    pub(super) fn export(&self) -> ExportedSession {
        self.session.export()
    }
}
