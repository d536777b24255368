//! What is under way with one device. An idle device has none of this: it rests in its slot.
//!
//! A message walks: [`Life::hear`] → the exchange says whether it is new, a repeat or an answer →
//! a new request goes by its kind to [`super::introduction`], [`super::report`], [`super::relay`] or
//! [`super::update`]; an answer goes to [`super::question`] or [`super::update`].

use super::command::SessionKey;
use super::ending::End;
use super::inquiry::Inquiry;
use super::outgoing::Outgoing;
use super::question::Asked;
use super::roll::RollNumber;
use super::update::{ChunkSize, Step, Underway};
use super::world::World;
use crate::weakened::{self, Weakness};
use pintle_protocol::block::Assembler;
use pintle_protocol::coap::{Kind, Message, MessageId};
use pintle_protocol::exchange::{Answered, Exchange, Numbering, Received, Settings};
use pintle_protocol::from_device::{self, Request};
use pintle_protocol::update::FromDevice;
use pintle_protocol::{DeviceId, reply};
use std::time::Duration;

/// How much a device may have written down in each [`WRITES_EACH`]: a Hello, its describes and all its
/// subscriptions, twice over.
const MOST_WRITES: u32 = 96;
const WRITES_EACH: Duration = Duration::from_secs(10);

/// How long a describe may take to come in blocks, from one to the next.
const UPLOAD_WITHIN: Duration = Duration::from_secs(90);

/// Whom a message is from.
#[derive(Clone, Copy, Debug)]
pub struct Who {
    /// The device whose key the session was made with.
    pub device: DeviceId,
    /// Its number on the roll.
    pub number: RollNumber,
    /// The session.
    pub session: SessionKey,
}

/// How the session stands, beyond what is under way; kept in its slot.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Whether the device has said who it is, as its key does (promise P1).
    pub introduced: bool,
    /// Which chunks of an update it takes.
    pub chunk: ChunkSize,
    /// After how many seconds of silence it counts as gone.
    pub patience: u16,
}

impl Default for Standing {
    fn default() -> Self {
        let patience = super::introduction::PATIENCE;
        Self { introduced: false, chunk: ChunkSize::default(), patience }
    }
}

/// What a message did to the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing beyond the answers.
    Keep,
    /// It was no message that a device may send.
    Malformed,
    /// It answers the ping that was to prove the device's address, or that it speaks now.
    Answered,
    /// It was not heard, because the device has yet to prove that it speaks now.
    Held,
    /// The device said goodbye, and may come back.
    Left,
    /// The session has to end.
    End(End),
}

/// What was sent to a device and waits for an answer.
pub(super) enum Sent {
    Question(Asked),
    /// A ping, and which stay at an address it is to prove.
    Challenge(u32),
    Event,
    Inquiry(Inquiry),
    Update(Step),
}

/// What is under way with one device.
pub struct Life {
    pub(super) exchange: Exchange<Sent>,
    /// One a describe: their blocks may come interleaved.
    pub(super) uploads: [Assembler; 3],
    /// When the last block came.
    pub(super) uploaded_at: Duration,
    /// How much the device may still have written down in this period, and when the next begins.
    writes: (u32, Duration),
    pub(super) questions: usize,
    pub(super) events: usize,
    pub(super) update: Option<Box<Underway>>,
    /// Whether a ping is under way that is to prove the device's address.
    pub(super) challenged: bool,
    /// How many answers to nothing came since.
    pub(super) guesses: u8,
    /// Counts the addresses the device was at.
    pub(super) stay: u32,
    /// How many bytes may still go to an address that is not proven.
    pub(super) allowance: usize,
    alarm: Option<Duration>,
    born: Duration,
}

impl Life {
    /// A life that goes on with these message ids and tokens, and knows this of the device's own.
    pub fn new(now: Duration, next_message: u16, next_token: u8, numbering: Numbering) -> Self {
        let mut exchange = Exchange::new(Settings::default(), next_message, next_token);
        exchange.set_numbering(numbering);
        Self {
            exchange,
            uploads: Default::default(),
            uploaded_at: Duration::ZERO,
            writes: (MOST_WRITES, now + WRITES_EACH),
            questions: 0,
            events: 0,
            update: None,
            challenged: false,
            guesses: 0,
            stay: 0,
            allowance: 0,
            alarm: None,
            born: now,
        }
    }

    /// How long this life has lasted.
    pub fn age(&self, now: Duration) -> Duration {
        now.saturating_sub(self.born)
    }

    /// Acts on one message of the device; leaves the answers in `out`.
    pub fn hear(
        &mut self,
        world: &mut World,
        who: Who,
        standing: &mut Standing,
        datagram: &[u8],
        out: &mut Outgoing,
    ) -> Verdict {
        let Ok(message) = Message::parse(datagram) else { return Verdict::Malformed };
        match self.exchange.receive(world.now, &message) {
            Received::Fresh => self.request(world, who, standing, &message, out),
            Received::Duplicate(Some(reply)) => {
                out.push(&reply);
                Verdict::Keep
            }
            Received::Responded(Sent::Update(Step::Finish)) if message.code.is_success() => {
                self.note_taken(world, who, &message);
                self.update_answered(world, Step::Finish, &message, out)
            }
            Received::Responded(sent) => {
                self.acknowledge_if_asked(world, &message, out);
                match sent {
                    Sent::Inquiry(inquiry) => {
                        self.inquired(world, who, inquiry, &message, out);
                        Verdict::Keep
                    }
                    Sent::Update(step) => self.update_answered(world, step, &message, out),
                    sent => self.settled(sent, Some(&message)),
                }
            }
            Received::Acknowledged(sent) => self.settled(sent, Some(&message)),
            Received::Reset(sent) => self.settled(sent, None),
            Received::Stray => {
                self.acknowledge_if_asked(world, &message, out);
                Verdict::Keep
            }
            Received::Unmatched => {
                if message.kind == Kind::Reset {
                    self.chunk_was_reset(world.now, message.id);
                }
                self.guessed();
                Verdict::Keep
            }
            Received::Duplicate(None) | Received::Accepted | Received::Full => Verdict::Keep,
        }
    }

    fn request(
        &mut self,
        world: &mut World,
        who: Who,
        standing: &mut Standing,
        message: &Message<'_>,
        out: &mut Outgoing,
    ) -> Verdict {
        let request = match from_device::decode(message) {
            Ok(request) => request,
            Err(error) => {
                self.answer(world, message, out, |bytes| {
                    reply::ack(bytes, message.id, message.token, error.answer(), &[]);
                });
                return Verdict::Malformed;
            }
        };
        if let Request::Hello(hello) = &request {
            return self.introduce(world, who, standing, hello, message, out);
        }
        if !standing.introduced && !weakened::is(Weakness::HelloOptional) {
            // Nothing is heard from a device that has not said who it is; it may say it again after.
            self.exchange.forget(message.id);
            return Verdict::Keep;
        }
        match request {
            Request::Describe { kind, body, block } => {
                self.describe(world, who, message, kind, body, block, out);
            }
            Request::Event(event) => {
                if !self.keep_fallback(world, who, message, &event) {
                    return Verdict::Keep;
                }
                self.acknowledge_if_asked(world, message, out);
                self.relay(world, who, &event, out);
            }
            Request::Subscribe(subscription) => {
                self.subscribe(world, who, message, &subscription, out);
            }
            Request::Time => {
                let seconds = u32::try_from(world.wall_ms / 1000).unwrap_or(u32::MAX);
                self.answer(world, message, out, |bytes| {
                    reply::time(bytes, message.id, message.token, seconds);
                });
            }
            Request::Ledger(_) => self.answer(world, message, out, |bytes| {
                reply::no_ledger(bytes, message.id, message.token);
            }),
            Request::Update(FromDevice::Acknowledged(what)) => {
                return self.chunks_came(world, message.id, &what, out);
            }
            Request::Goodbye(goodbye) => {
                tracing::debug!(device = %who.device, ?goodbye, "goodbye");
                self.acknowledge_if_asked(world, message, out);
                return Verdict::Left;
            }
            Request::Ping => self.acknowledge_if_asked(world, message, out),
            // Left open, an unknown confirmable request would end the device's session.
            _ => self.answer(world, message, out, |bytes| {
                reply::not_found(bytes, message.id, message.token);
            }),
        }
        Verdict::Keep
    }

    /// What became of something that was sent: `answer` is the device's, none where it refused.
    fn settled(&mut self, sent: Sent, answer: Option<&Message<'_>>) -> Verdict {
        match sent {
            Sent::Question(asked) => {
                self.questions = self.questions.saturating_sub(1);
                asked.settle(answer);
                Verdict::Keep
            }
            Sent::Event => {
                self.events = self.events.saturating_sub(1);
                Verdict::Keep
            }
            // Refused: the device describes nothing.
            Sent::Inquiry(_) => Verdict::Keep,
            Sent::Update(step) => {
                self.update_given_up(step);
                Verdict::Keep
            }
            // A reset answers a ping as well as an acknowledgement does (RFC 7252 4.3).
            Sent::Challenge(stay) if stay == self.stay => {
                self.challenged = false;
                Verdict::Answered
            }
            // What was asked at another address proves nothing about this one.
            Sent::Challenge(_) => Verdict::Keep,
        }
    }

    /// Whether the device may have something written down now: one device must not fill the queue that
    /// all wait in. What it may not stays unanswered, and the device says it again.
    pub(super) fn may_write(&mut self, world: &World, message: &Message<'_>) -> bool {
        let (left, until) = &mut self.writes;
        if world.now >= *until {
            (*left, *until) = (MOST_WRITES, world.now + WRITES_EACH);
        }
        let may = *left > 0;
        *left = left.saturating_sub(1);
        if !may {
            self.exchange.forget(message.id);
        }
        may
    }

    /// Repeats what is due, and gives up what was repeated enough.
    pub fn handle_timeout(&mut self, world: &World, out: &mut Outgoing) {
        while let Some(datagram) = self.exchange.poll_retransmit(world.now) {
            out.push(datagram);
        }
        while let Some(sent) = self.exchange.poll_given_up(world.now) {
            self.give_up(sent);
        }
        while let Some(sent) = self.exchange.poll_overdue(world.now) {
            self.give_up(sent);
        }
        self.update_timeout(world, out);
    }

    fn give_up(&mut self, sent: Sent) {
        match sent {
            Sent::Question(asked) => {
                self.questions = self.questions.saturating_sub(1);
                asked.time_out();
            }
            Sent::Event => self.events = self.events.saturating_sub(1),
            Sent::Challenge(stay) if stay == self.stay => self.challenged = false,
            Sent::Update(step) => self.update_given_up(step),
            Sent::Challenge(_) | Sent::Inquiry(_) => {}
        }
    }

    /// When [`Self::handle_timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.exchange.poll_timeout().into_iter().chain(self.update_due()).min()
    }

    /// A new alarm to set, where the one set last is not early enough.
    pub fn next_alarm(&mut self, now: Duration) -> Option<Duration> {
        let at = self.poll_timeout()?;
        if self.alarm.is_some_and(|set| set <= at && set > now) {
            return None;
        }
        self.alarm = Some(at);
        Some(at)
    }

    /// Whether there is nothing to remember.
    pub fn is_idle(&self, now: Duration) -> bool {
        let abandoned = now.saturating_sub(self.uploaded_at) >= UPLOAD_WITHIN;
        let complete = self.uploads.iter().all(|upload| upload.held() == 0);
        self.exchange.is_idle(now) && self.update.is_none() && (complete || abandoned)
    }

    /// What the device may still repeat, with its answers: to be saved with the session (promise P3).
    pub fn answers(&self, now: Duration) -> Vec<Answered> {
        self.exchange.answers(now).collect()
    }

    /// Forgets the device's message `id`, which was not acted on after all: its repetition will be new.
    pub fn forget(&mut self, id: MessageId) {
        self.exchange.forget(id);
    }

    /// Remembers what [`Self::answers`] gave.
    pub fn recall(&mut self, now: Duration, answered: &Answered) {
        self.exchange.recall(now, answered);
    }

    /// The id that the next message may have.
    pub fn next_message(&self) -> u16 {
        self.exchange.last_id().0.wrapping_add(1)
    }

    /// How the device numbers its messages, and which of them are past.
    pub fn numbering(&mut self, now: Duration) -> Numbering {
        self.exchange.numbering(now)
    }

    /// The next message id and token, for the slot to keep.
    pub fn ids(&mut self) -> (u16, u8) {
        (self.exchange.last_id().0.wrapping_add(1), self.exchange.next_token().0)
    }
}
