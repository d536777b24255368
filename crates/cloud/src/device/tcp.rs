//! A device's life over TCP: what is under way with it. An idle device has none of this: it rests in its session.
//!
//! The session ([`pintle_protocol::tcp::server`]) has checked and understood every message before it is here, and there
//! is nothing to repeat: TCP does that. So this is what remains: [`TcpLife::hear`] acts on a message, in the same rooms
//! as a [`Life`](super::Life) does; [`TcpLife::ask`] asks the device something; `describing.rs` sees to it that the
//! device describes itself. What a generation of firmware cannot take, the session refuses to write.

mod asking;
mod describing;
mod updating;

use super::ask::AskError;
use super::ending::End;
use super::introduction;
use super::life::Who;
use super::registry::Subscribed;
use super::world::World;
use super::{relay, report};
use crate::event::{Event, Source};
use crate::store::device::put_fell_back;
use asking::Questions;
use describing::Describing;
use pintle_protocol::ContentFormat;
use pintle_protocol::coap::{Code, Kind, Message, MessageId};
use pintle_protocol::reply::Answer;
use pintle_protocol::tcp::server::{Received, Sense, Session};
use pintle_protocol::tcp::{Generation, Hello, Request, SendError, Subscription};
use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;
use updating::Updating;

/// How much a device may have written down in each [`WRITES_EACH`]: its describes, many times over.
const MOST_WRITES: u16 = 32;
const WRITES_EACH: Duration = Duration::from_secs(10);

/// What a session keeps of its device's life while nothing is under way.
#[derive(Debug, Default)]
pub struct TcpStanding {
    /// Whether the device has said hello.
    pub introduced: bool,
    /// Which variables it said in this session it has, by a hash of their names: some firmware reads anything under a
    /// name that it does not know.
    variables: Option<Box<[u64]>>,
    writes: u16,
    writes_until: Duration,
}

impl TcpStanding {
    /// Whether the device may have something written down now: one device must not fill the queue that all wait in.
    fn may_write(&mut self, now: Duration) -> bool {
        if now >= self.writes_until {
            (self.writes, self.writes_until) = (0, now + WRITES_EACH);
        }
        self.writes = self.writes.saturating_add(1);
        self.writes <= MOST_WRITES
    }

    fn has_variables(&mut self, names: impl Iterator<Item = impl AsRef<str>>) {
        self.variables = Some(names.map(|name| hash(name.as_ref())).collect());
    }

    /// Whether the device can be asked for a variable without harm.
    fn may_read(&self, name: &str) -> Result<(), AskError> {
        match &self.variables {
            // Soon it will have said what it has.
            None => Err(AskError::Busy),
            Some(variables) if variables.contains(&hash(name)) => Ok(()),
            Some(_) => Err(AskError::Refused(Code::NOT_FOUND)),
        }
    }
}

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

/// What a message led to.
#[derive(Default)]
pub struct Effects {
    /// Frames for the device.
    pub frames: Vec<u8>,
    /// An event to publish.
    pub event: Option<Event>,
    /// The message of the event where it asks for an acknowledgement, which may have to wait until it is durable.
    pub acknowledge: Option<MessageId>,
}

/// What a message did to the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TcpVerdict {
    /// Nothing beyond its effects.
    Keep,
    /// It has to end.
    End(End),
}

/// A session and its device, while one message is dealt with.
pub struct Scene<'a> {
    /// Whom it is about.
    pub who: Who,
    /// The session.
    pub session: &'a mut Session,
    /// How it stands.
    pub standing: &'a mut TcpStanding,
    /// What comes of it.
    pub effects: &'a mut Effects,
}

/// What is under way with one device over TCP.
#[derive(Default)]
pub struct TcpLife {
    questions: Questions,
    describing: Describing,
    updating: Option<Box<Updating>>,
}

impl TcpLife {
    /// Acts on one message of the device.
    pub fn hear(
        &mut self,
        world: &mut World,
        scene: &mut Scene<'_>,
        received: &Received<'_>,
    ) -> TcpVerdict {
        if let Some(verdict) = self.hear_of_update(world, scene, received) {
            return verdict;
        }
        let verdict = self.hear_else(world, scene, received);
        self.begin_update_when_free(world, scene);
        verdict
    }

    fn hear_else(
        &mut self,
        world: &mut World,
        scene: &mut Scene<'_>,
        received: &Received<'_>,
    ) -> TcpVerdict {
        let message = &received.message;
        let done = match &received.sense {
            Sense::Hello(hello) => self.greet(world, scene, hello),
            Sense::Request(request) => return self.request(world, scene, message, request),
            Sense::Acknowledged(asked) => {
                self.questions.acknowledged(asked);
                Ok(())
            }
            Sense::Answered(asked) | Sense::Refused(asked) => {
                let refused = matches!(received.sense, Sense::Refused(_));
                acknowledge(scene, message).and_then(|()| {
                    if !self.questions.answered(asked, message) {
                        return self.described(world, scene, *asked, message, refused);
                    }
                    Ok(())
                })
            }
        };
        verdict(done)
    }

    /// The device said hello: it is there, and hears hello back before anything else.
    fn greet(
        &mut self,
        world: &mut World,
        scene: &mut Scene<'_>,
        hello: &Hello,
    ) -> Result<(), Fault> {
        scene.session.hello(&mut scene.effects.frames)?;
        scene.standing.introduced = true;
        introduction::note_hello_over_tcp(world, scene.who, hello);
        if scene.session.generation() == Some(Generation::Core) {
            // How it acknowledges this tells whether it is the very first firmware, which takes only short events.
            scene.session.ping(&mut scene.effects.frames)?;
        }
        self.describing.begin(world.now, hello.flags);
        self.ask_for_describes(world, scene)
    }

    fn request(
        &mut self,
        world: &mut World,
        scene: &mut Scene<'_>,
        message: &Message<'_>,
        request: &Request<'_>,
    ) -> TcpVerdict {
        let done = match request {
            Request::Describe { kind, body, block } => {
                let taken = match block {
                    // It would send no more of it.
                    Some(block) if block.more || block.num > 0 => {
                        self.describing.is_stuck(*kind, world.now);
                        Ok(())
                    }
                    _ => self.take_describe(world, scene, *kind, body),
                };
                taken.and_then(|()| answer(scene, message, Answer::Changed))
            }
            Request::Event(event) => {
                relay(world, scene, message, event);
                Ok(())
            }
            Request::Subscribe(subscription) => subscribe(world, scene, message, subscription),
            Request::Time => {
                let seconds = u32::try_from(world.wall_ms / 1000).unwrap_or(u32::MAX);
                scene.session.time(&mut scene.effects.frames, message, seconds).map_err(Fault::from)
            }
            Request::Goodbye(goodbye) => {
                tracing::debug!(device = %scene.who.device, ?goodbye, "goodbye");
                // Whether it hears this matters to nobody.
                let _ = acknowledge(scene, message);
                return TcpVerdict::End(End::ClosedByDevice);
            }
            // Of an update that is under way no more, as far as we are concerned.
            Request::ChunksMissed(_) | Request::UpdateDone | Request::Ping => {
                acknowledge(scene, message)
            }
        };
        verdict(done)
    }

    /// Sends an event to the device.
    ///
    /// # Errors
    /// Why it cannot take it: most take only shorter ones than others may publish.
    pub fn deliver(
        session: &mut Session,
        event: &Event,
        frames: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        let event = pintle_protocol::Event {
            name: Cow::Borrowed(&event.name),
            data: &event.data,
            content_format: ContentFormat(event.content_format),
            ttl: event.ttl,
            confirmable: false,
        };
        session.event(frames, &event)
    }

    /// Does what is due; what that is to the session.
    pub fn handle_timeout(&mut self, world: &mut World, scene: &mut Scene<'_>) -> TcpVerdict {
        self.questions.give_up(world.now);
        if let end @ TcpVerdict::End(_) = self.update_timeout(world.now) {
            return end;
        }
        let verdict = verdict(self.ask_for_describes(world, scene));
        self.begin_update_when_free(world, scene);
        verdict
    }

    /// When [`Self::handle_timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Duration> {
        let describing = self.describing.poll_timeout().filter(|_| !self.is_updating());
        let others = self.update_due().into_iter().chain(describing);
        self.questions.poll_timeout().into_iter().chain(others).min()
    }

    /// Whether there is nothing to remember.
    pub fn is_idle(&self) -> bool {
        self.questions.is_empty() && self.describing.is_done() && self.updating.is_none()
    }
}

/// Why a session has to end.
enum Fault {
    /// The device sent what it may not.
    Contents(pintle_protocol::Error),
    /// It cannot be told something that it has to be told.
    Send(SendError),
}

impl From<SendError> for Fault {
    fn from(error: SendError) -> Self {
        Self::Send(error)
    }
}

impl From<pintle_protocol::Error> for Fault {
    fn from(error: pintle_protocol::Error) -> Self {
        Self::Contents(error)
    }
}

fn verdict(done: Result<(), Fault>) -> TcpVerdict {
    use pintle_protocol::tcp::Anomaly;
    match done {
        Ok(()) => TcpVerdict::Keep,
        Err(Fault::Contents(error)) => TcpVerdict::End(End::Anomaly(Anomaly::Contents(error))),
        Err(Fault::Send(error)) => {
            tracing::debug!(%error, "a device over TCP cannot be answered");
            TcpVerdict::End(End::Anomaly(Anomaly::Ended))
        }
    }
}

fn acknowledge(scene: &mut Scene<'_>, message: &Message<'_>) -> Result<(), Fault> {
    if message.kind == Kind::Confirmable {
        scene.session.acknowledge(&mut scene.effects.frames, message.id)?;
    }
    Ok(())
}

fn answer(scene: &mut Scene<'_>, message: &Message<'_>, answer: Answer) -> Result<(), Fault> {
    if message.kind == Kind::Confirmable {
        scene.session.answer(&mut scene.effects.frames, message, answer)?;
    }
    Ok(())
}

/// Leaves an event, and the acknowledgement it asks for: whoever publishes or keeps it knows when that may leave.
fn relay(
    world: &World,
    scene: &mut Scene<'_>,
    message: &Message<'_>,
    event: &pintle_protocol::Event<'_>,
) {
    if let Some(why) = report::fallback(event).filter(|_| scene.standing.may_write(world.now)) {
        world.enqueue(put_fell_back(scene.who.device, &why));
    }
    let source = Source::Unprotected(scene.who.device);
    scene.effects.event = relay::relayed(world, scene.who, source, event);
    scene.effects.acknowledge = (message.kind == Kind::Confirmable).then_some(message.id);
}

/// Remembers a subscription for as long as the session lasts: a device makes all of them again in the next.
fn subscribe(
    world: &mut World,
    scene: &mut Scene<'_>,
    message: &Message<'_>,
    subscription: &Subscription<'_>,
) -> Result<(), Fault> {
    let subscribed = Subscribed {
        prefix: subscription.prefix.as_ref().into(),
        takes: subscription.kind.into(),
        from: subscription.device.map(|device| device.to_ascii_lowercase().into()),
    };
    match world.registry.subscribe(scene.who.number, subscribed) {
        Ok(_) => acknowledge(scene, message),
        Err(_limit) => answer(scene, message, Answer::BadRequest),
    }
}
