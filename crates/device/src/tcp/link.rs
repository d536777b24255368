//! One session with the cloud: what comes and goes, what waits for an acknowledgement, silence, and its end. Nothing
//! is ever said twice: the stream loses nothing, or is lost.

use super::profile::Bodies;
use super::updating::Updating;
use crate::generation::hello_wait;
use crate::life::{Happening, Loss, Outbox, Outlet, Publication, Ticket, Unpublished};
use pintle_protocol::Error;
use pintle_protocol::coap::{Code, MessageId, Token};
use pintle_protocol::goodbye::Goodbye;
use pintle_protocol::tcp::client::{Heard, Received, Session};
use pintle_protocol::tcp::{Credentials, DEVICE_PATIENCE};
use std::collections::VecDeque;
use std::time::Duration;

/// How long an acknowledgement is waited for.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(20);
/// How long events that are out are waited for before the goodbye.
const PARTING: Duration = Duration::from_secs(3);
/// How many events may be unacknowledged at a time.
const MAX_EVENTS_OUT: usize = 8;
/// How many events may go in a second.
const EVENTS_A_SECOND: usize = 4;
const SECOND: Duration = Duration::from_secs(1);
/// The goodbye of somebody who was told to end.
const USER_REASON: u32 = 2;

/// What waits for an acknowledgement.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Tag {
    Ping,
    Time,
    Describe,
    Subscription,
    Event(Publication),
}

impl Tag {
    /// Whether the device counts as connected only once this was settled.
    const fn is_introduction(self) -> bool {
        matches!(self, Self::Time | Self::Describe | Self::Subscription)
    }
}

/// How far a link has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stage {
    /// Hello is out.
    Greeting { until: Duration },
    /// The cloud said hello; what the device has to say of itself is out.
    Introducing,
    /// All is said.
    Connected,
    /// The device leaves: once its events are acknowledged, or then.
    Leaving { until: Duration },
}

/// Why a link came to its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ending {
    Lost(Loss),
    Left,
}

struct Outstanding {
    id: MessageId,
    tag: Tag,
    until: Duration,
}

/// One session.
pub(super) struct Link {
    pub(super) session: Session,
    pub(super) number: u32,
    pub(super) stage: Stage,
    outstanding: Vec<Outstanding>,
    /// Reads that are not answered yet: their ids and tokens.
    pub(super) reads: Vec<(MessageId, Token)>,
    last_heard: Duration,
    pinged: Option<Duration>,
    pub(super) updating: Option<Box<Updating>>,
    /// When the latest events went.
    published: VecDeque<Duration>,
}

impl Link {
    /// The first message: hello. `number` tells sessions apart, `random` is the first token of the newer program.
    pub(super) fn greet(
        now: Duration,
        credentials: &Credentials,
        (number, random): (u32, u8),
        bodies: &Bodies,
        outlet: &mut Outlet,
    ) -> Self {
        let mut link = Self {
            session: Session::new(credentials, bodies.firmware, random),
            number,
            stage: Stage::Greeting { until: now + hello_wait(bodies.generation()) },
            outstanding: Vec::new(),
            reads: Vec::new(),
            last_heard: now,
            pinged: None,
            updating: None,
            published: VecDeque::new(),
        };
        link.say(outlet, |session, out| {
            let Bodies { product_id, product_version, platform_id, .. } = *bodies;
            session.hello(out, product_id, product_version, platform_id)
        });
        link
    }

    /// Sends what `write` appends; `None` if that is nothing. What is too long is refused before it comes here.
    pub(super) fn say<T>(
        &mut self,
        outlet: &mut Outlet,
        write: impl FnOnce(&mut Session, &mut Vec<u8>) -> Result<T, Error>,
    ) -> Option<T> {
        let mut frames = Vec::new();
        let said = write(&mut self.session, &mut frames).ok();
        if !frames.is_empty() {
            outlet.transmit.push_back(frames);
        }
        said
    }

    /// The same with something that is acknowledged.
    pub(super) fn ask(
        &mut self,
        now: Duration,
        outlet: &mut Outlet,
        tag: Tag,
        write: impl FnOnce(&mut Session, &mut Vec<u8>) -> Result<MessageId, Error>,
    ) {
        match self.say(outlet, write) {
            Some(id) => {
                self.outstanding.push(Outstanding { id, tag, until: now + ACKNOWLEDGED_WITHIN });
            }
            None => lose(tag, Unpublished::Lost, outlet),
        }
    }

    /// Takes a piece of the stream: any number of frames, the last maybe cut. P2: what is no message ends the session.
    pub(super) fn handle_input(
        &mut self,
        now: Duration,
        mut bytes: &[u8],
        bodies: &Bodies,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        let mut scratch = Vec::new();
        while !bytes.is_empty() {
            let received = self.session.receive(&mut bytes, &mut scratch);
            let Some(Received { message, heard }) =
                received.map_err(|_| Ending::Lost(Loss::Anomaly))?
            else {
                break;
            };
            (self.last_heard, self.pinged) = (now, None);
            match heard {
                Heard::Acknowledged | Heard::Refused => {
                    self.settle(outlet, message.code, |waiting| waiting.id == message.id);
                }
                Heard::Time(seconds) => {
                    outlet.tell(Happening::Time(seconds));
                    self.settle(outlet, message.code, |waiting| waiting.tag == Tag::Time);
                }
                Heard::Describe { flags, block } => {
                    self.report(now, &message, (flags, block), bodies, outlet);
                }
                Heard::Update(update) => self.update(now, &message, &update, bodies, outlet)?,
                Heard::Request(request) => {
                    self.handle_request(now, &message, request, bodies, outlet)?;
                }
            }
        }
        self.parted(now)
    }

    fn settle(&mut self, outlet: &mut Outlet, code: Code, which: impl FnMut(&Outstanding) -> bool) {
        let Some(at) = self.outstanding.iter().position(which) else { return };
        if let Tag::Event(publication) = self.outstanding.remove(at).tag {
            outlet.tell(match code.class() {
                0..4 => Happening::Published(publication),
                _ => Happening::NotPublished(publication, Unpublished::Refused(code)),
            });
        }
        self.connected_if_introduced(outlet);
    }

    pub(super) fn connected_if_introduced(&mut self, outlet: &mut Outlet) {
        let introducing = self.outstanding.iter().any(|waiting| waiting.tag.is_introduction());
        if self.stage == Stage::Introducing && !introducing {
            self.stage = Stage::Connected;
            if outlet.intake.report.take().is_some() {
                outlet.intake.reported = true;
                outlet.tell(Happening::Reported);
            }
            outlet.tell(Happening::Connected { resumed: false });
        }
    }

    /// What is due: the end of a wait, a ping.
    pub(super) fn handle_timeout(
        &mut self,
        now: Duration,
        bodies: &Bodies,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        if matches!(self.stage, Stage::Greeting { until } if until <= now) {
            return Err(Ending::Lost(Loss::NoHello));
        }
        self.go_on_updating(now, outlet)?;
        match self.pinged {
            _ if self.updating.is_some() => {}
            Some(pinged) if pinged + DEVICE_PATIENCE <= now => {
                return Err(Ending::Lost(Loss::Silence));
            }
            None if self.last_heard + bodies.keepalive <= now => {
                self.pinged = Some(now);
                self.ask(now, outlet, Tag::Ping, Session::ping);
            }
            _ => {}
        }
        while let Some(at) = self.outstanding.iter().position(|waiting| waiting.until <= now) {
            lose(self.outstanding.remove(at).tag, Unpublished::Unanswered, outlet);
        }
        self.connected_if_introduced(outlet);
        self.parted(now)
    }

    pub(super) fn poll_timeout(&self, bodies: &Bodies, events_wait: bool) -> Option<Duration> {
        let silence = match &self.updating {
            Some(updating) => updating.poll_timeout(),
            None => {
                self.pinged.map_or(self.last_heard + bodies.keepalive, |at| at + DEVICE_PATIENCE)
            }
        };
        let stage = match self.stage {
            Stage::Greeting { until } | Stage::Leaving { until } => Some(until),
            Stage::Introducing | Stage::Connected => None,
        };
        let first = self.outstanding.iter().map(|waiting| waiting.until).min();
        let room = self.may_publish();
        let next_event = if events_wait && room { self.next_event_at() } else { None };
        [Some(silence), stage, first, next_event].into_iter().flatten().min()
    }

    fn events_out(&self) -> usize {
        self.outstanding.iter().filter(|waiting| matches!(waiting.tag, Tag::Event(_))).count()
    }

    fn may_publish(&self) -> bool {
        self.is_connected() && self.updating.is_none() && self.events_out() < MAX_EVENTS_OUT
    }

    /// When the next event may go, unless now.
    fn next_event_at(&self) -> Option<Duration> {
        let full = self.published.len() >= EVENTS_A_SECOND;
        self.published.front().filter(|_| full).map(|first| *first + SECOND)
    }

    /// Sends events while few enough are unacknowledged and few enough went in the last second.
    pub(super) fn send_events(&mut self, now: Duration, outbox: &mut Outbox, outlet: &mut Outlet) {
        while self.may_publish() {
            if self.next_event_at().is_some_and(|at| at > now) {
                break;
            }
            let Some(event) = outbox.pop() else { break };
            if self.published.len() >= EVENTS_A_SECOND {
                self.published.pop_front();
            }
            self.published.push_back(now);
            let tag = Tag::Event(event.publication);
            self.ask(now, outlet, tag, |session, out| session.event(out, &event.event()));
        }
    }

    /// Leaves once the events that are out are acknowledged.
    pub(super) fn leave(&mut self, now: Duration) -> Result<(), Ending> {
        match self.stage {
            Stage::Greeting { .. } => Err(Ending::Left),
            Stage::Leaving { .. } => Ok(()),
            Stage::Introducing | Stage::Connected => {
                self.stage = Stage::Leaving { until: now + PARTING };
                self.parted(now)
            }
        }
    }

    fn parted(&self, now: Duration) -> Result<(), Ending> {
        match self.stage {
            Stage::Leaving { until } if self.events_out() == 0 || until <= now => Err(Ending::Left),
            _ => Ok(()),
        }
    }

    /// The last word, of those that have one.
    pub(super) fn part(&mut self, bodies: &Bodies, outlet: &mut Outlet) {
        if bodies.firmware.says_goodbye && !matches!(self.stage, Stage::Greeting { .. }) {
            let goodbye = Goodbye { cloud_reason: Some(USER_REASON), ..Goodbye::default() };
            self.say(outlet, |session, out| session.goodbye(out, &goodbye));
        }
    }

    /// Forgets what is outstanding; publishers are told.
    pub(super) fn abandon(&mut self, outlet: &mut Outlet) {
        for waiting in self.outstanding.drain(..) {
            lose(waiting.tag, Unpublished::Lost, outlet);
        }
    }

    pub(super) fn is_connected(&self) -> bool {
        self.stage == Stage::Connected
    }

    pub(super) const fn is_leaving(&self) -> bool {
        matches!(self.stage, Stage::Leaving { .. })
    }

    pub(super) const fn ticket(&self, token: Token) -> Ticket {
        Ticket { generation: self.number, token }
    }
}

fn lose(tag: Tag, why: Unpublished, outlet: &mut Outlet) {
    if let Tag::Event(publication) = tag {
        outlet.tell(Happening::NotPublished(publication, why));
    }
}
