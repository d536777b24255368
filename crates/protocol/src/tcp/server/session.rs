//! The cloud's end of a session: what came is opened, checked and understood, or it ends the session.
//!
//! Which ids are right (for all generations at once):
//!
//! | from the device | id |
//! |---|---|
//! | hello | follows from the credentials |
//! | CON, NON | the one after the last that the device used |
//! | ACK, RST | of a question of ours that is open; then its token must fit too |
//! | ACK of a ping or signal, from 0.8 on | the device's own next id, which that uses up |
//! | empty ACK, from 0.4.0 | shifted by a byte: the high one in the code's place |
//!
//! Everything else ends the session, and so does whatever comes after that.

use alloc::vec::Vec;

use super::ids::Ids;
use super::questions::{About, Asked, Questions};
use crate::coap::option;
use crate::coap::{Block, Code, Kind, Message, MessageId, RequestToken, Token, Writer};
use crate::describe::DescribeKind;
use crate::reply::{self, Answer};
use crate::tcp::channel::Channel;
use crate::tcp::request::{self, Form, Request};
use crate::tcp::{Anomaly, Credentials, Generation, Hello, Limits, SendError, rules};
use crate::{Event, from_cloud, value};

/// The longest hello: the long form, some bytes for versions to come, and its header.
const HELLO_FRAME: usize = 64;

/// The cloud's end of a session, from the credentials on. About 150 bytes while nothing is under way.
pub struct Session {
    channel: Channel,
    ids: Ids,
    questions: Questions,
    generation: Option<Generation>,
    /// Whether an empty acknowledgement came that was not shifted: then this is not 0.4.0.
    plain: bool,
}

/// A message from the device, in order and understood.
#[derive(Debug)]
pub struct Received<'s> {
    /// The message. An acknowledgement has the id of what it acknowledges, whatever the device wrote.
    pub message: Message<'s>,
    /// What it means.
    pub sense: Sense<'s>,
}

/// What a message from a device means.
#[derive(Debug, PartialEq)]
pub enum Sense<'s> {
    /// The first message. Say hello back.
    Hello(Hello),
    /// It says or wants something. If the message is confirmable, acknowledge it.
    Request(Request<'s>),
    /// It heard this. Of a ping, that is all; of a question, the response is to come.
    Acknowledged(Asked),
    /// The response to this, in the message's payload. If the message is confirmable, acknowledge it. A describe of
    /// old firmware may be answered twice, with a part each time.
    Answered(Asked),
    /// It will not, or cannot: the message's code says why. If the message is confirmable, acknowledge it.
    Refused(Asked),
}

impl Session {
    pub(super) fn new(credentials: &Credentials) -> Self {
        let (key, vector, salt) = credentials.parts();
        Self {
            channel: Channel::new(key, vector, HELLO_FRAME),
            ids: Ids::new(salt),
            questions: Questions::new(),
            generation: None,
            plain: false,
        }
    }

    /// A session whose handshake was held elsewhere: for tests and recorded conversations.
    #[must_use]
    pub fn from_credentials(credentials: &Credentials) -> Self {
        Self::new(credentials)
    }

    /// Which firmware the device runs, once it said hello.
    #[must_use]
    pub const fn generation(&self) -> Option<Generation> {
        self.generation
    }

    /// What the device can take. Narrower than its generation's while it may be the first firmware of all.
    #[must_use]
    pub const fn limits(&self) -> Option<Limits> {
        match self.generation {
            Some(Generation::Core) if !self.plain => {
                Some(Limits { event_data: 63, ..Generation::Core.limits() })
            }
            Some(generation) => Some(generation.limits()),
            None => None,
        }
    }

    /// Ends the session for a reason outside it, for example a describe that cannot be read.
    pub fn end(&mut self) {
        self.channel.end();
    }

    /// Whether the session has ended.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        self.channel.has_ended()
    }

    /// Takes bytes of the stream from `input`, in whatever pieces they come, up to the end of the next frame; what was
    /// in it, once it is whole. Call until there is `None`. `scratch` is the caller's, for one session after another.
    ///
    /// # Errors
    /// The [`Anomaly`] that ended the session: close the connection, and say nothing.
    pub fn receive<'s>(
        &mut self,
        input: &mut &[u8],
        scratch: &'s mut Vec<u8>,
    ) -> Result<Option<Received<'s>>, Anomaly> {
        let received = self.take(input, scratch);
        if received.is_err() {
            self.end();
        }
        received
    }

    fn take<'s>(
        &mut self,
        input: &mut &[u8],
        scratch: &'s mut Vec<u8>,
    ) -> Result<Option<Received<'s>>, Anomaly> {
        let Some(plaintext) = self.channel.receive(input, scratch)? else { return Ok(None) };
        let Some(generation) = self.generation else {
            let message = Message::parse(plaintext).map_err(Anomaly::Message)?;
            return self.greeted(&message).map(|sense| Some(Received { message, sense }));
        };
        self.unshift(generation, plaintext);
        let mut message = Message::parse(plaintext).map_err(Anomaly::Message)?;
        let sense = match message.kind {
            Kind::Acknowledgement | Kind::Reset => self.settled(generation, &message)?,
            Kind::Confirmable | Kind::NonConfirmable => self.originated(&message)?,
        };
        if let (Kind::Acknowledgement, Some(asked)) = (message.kind, sense.asked()) {
            message.id = asked.id;
        }
        Ok(Some(Received { message, sense }))
    }

    fn greeted(&mut self, message: &Message<'_>) -> Result<Sense<'static>, Anomaly> {
        let hello = request::hello(message)?;
        self.ids.begin(message.id)?;
        let generation = hello.generation();
        let most = generation.limits().frame_from;
        self.channel.allow(match hello.sizes {
            Some(sizes) => most.min(sizes.max_message.into()),
            None => most,
        });
        self.generation = Some(generation);
        Ok(Sense::Hello(hello))
    }

    /// A message that the device began: a request, or a response in a message of its own.
    fn originated<'s>(&mut self, message: &Message<'s>) -> Result<Sense<'s>, Anomaly> {
        self.ids.take(message.id)?;
        if !message.code.is_response() {
            return request::decode(message).map(Sense::Request);
        }
        let token = RequestToken::try_from(message.token).map_err(|_| Anomaly::Unasked)?;
        let asked = self.questions.answered(token).ok_or(Anomaly::Unasked)?;
        answer(message, asked)
    }

    /// An acknowledgement or reset.
    fn settled<'s>(
        &mut self,
        generation: Generation,
        message: &Message<'s>,
    ) -> Result<Sense<'s>, Anomaly> {
        let id = self.meant(generation, message)?;
        if message.kind == Kind::Reset {
            return self.questions.acknowledged(id).map(Sense::Refused).ok_or(Anomaly::Unasked);
        }
        if message.code == Code::EMPTY {
            self.plain = true;
            let asked = self.questions.acknowledged(id);
            return asked.map(Sense::Acknowledged).ok_or(Anomaly::Unasked);
        }
        let token = match RequestToken::try_from(message.token) {
            Ok(token) => Some(token),
            // Old firmware refuses without a token.
            Err(Token::EMPTY) if is_refusal(message.code) => None,
            Err(_) => return Err(Anomaly::Unasked),
        };
        let twice = generation.may_describe_twice();
        let asked = self.questions.answered_at_once(id, token, twice);
        answer(message, asked.ok_or(Anomaly::Unasked)?)
    }

    /// The id that an acknowledgement means, if it has the device's own.
    fn meant(
        &mut self,
        generation: Generation,
        message: &Message<'_>,
    ) -> Result<MessageId, Anomaly> {
        let own = generation.acknowledges_with_own_id()
            && message.kind == Kind::Acknowledgement
            && self.ids.is_next(message.id)
            && !self.questions.awaits(message.id);
        if !own {
            return Ok(message.id);
        }
        let asked = match RequestToken::try_from(message.token) {
            Ok(token) => self.questions.signal(token),
            Err(_) if message.code == Code::EMPTY => self.questions.oldest_ping(),
            Err(_) => None,
        };
        self.ids.take(message.id)?;
        asked.map(|asked| asked.id).ok_or(Anomaly::Unasked)
    }

    /// Puts an acknowledgement of 0.4.0 right: `60 high low 00` becomes `60 00 high low`, if that acknowledges
    /// something and what it says does not.
    fn unshift(&self, generation: Generation, plaintext: &mut [u8]) {
        let [0x60, code, high, low] = plaintext else { return };
        let said = MessageId(u16::from_be_bytes([*high, *low]));
        let shifted = MessageId(u16::from_be_bytes([*code, *high]));
        let applies = generation.may_shift_acknowledgements()
            && *low == 0
            && !(*code == 0 && self.questions.awaits(said))
            && self.questions.awaits(shifted);
        if applies {
            (*code, *high, *low) = (0, *code, *high);
        }
    }
}

impl Sense<'_> {
    const fn asked(&self) -> Option<Asked> {
        match self {
            Self::Acknowledged(asked) | Self::Answered(asked) | Self::Refused(asked) => {
                Some(*asked)
            }
            Self::Hello(_) | Self::Request(_) => None,
        }
    }
}

const fn is_refusal(code: Code) -> bool {
    matches!(code.class(), 4 | 5)
}

/// Whether a response is one to this question.
fn answer<'s>(message: &Message<'s>, asked: Asked) -> Result<Sense<'s>, Anomaly> {
    const DESCRIBED: &[u16] = &[option::ETAG, option::CONTENT_FORMAT, option::BLOCK2];
    let (code, options) = match asked.about {
        About::Describe(_) => (Code::CONTENT, DESCRIBED),
        About::Read => (Code::CONTENT, &[option::CONTENT_FORMAT][..]),
        About::Call | About::Signal => (Code::CHANGED, &[][..]),
        About::Ping => return Err(Anomaly::Unasked),
    };
    Form { path: 0..=0, token: 0..=1, options }.check(message)?;
    if is_refusal(message.code) {
        return Ok(Sense::Refused(asked));
    }
    if message.code != code {
        return Err(Anomaly::Unknown);
    }
    match asked.about {
        About::Call => _ = value::decode_result(message.payload())?,
        About::Signal if !message.payload().is_empty() => return Err(Anomaly::Unknown),
        About::Describe(_) => _ = message.block2()?,
        _ => {}
    }
    Ok(Sense::Answered(asked))
}

/// What the cloud says. Each appends one frame to `out`, or nothing when it fails.
impl Session {
    /// Says hello, which a device waits for no longer than two to four seconds.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn hello(&mut self, out: &mut Vec<u8>) -> Result<(), SendError> {
        let id = self.next_id();
        self.frame(out, |out| {
            Writer::new(out, Kind::NonConfirmable, Code::POST, id, Token::EMPTY).path(b"h")?;
            Ok(())
        })
    }

    /// Calls a function. The device acknowledges, then answers.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn call(
        &mut self,
        out: &mut Vec<u8>,
        name: &str,
        argument: &[u8],
    ) -> Result<Asked, SendError> {
        self.ask(out, About::Call, |out, id, token| {
            from_cloud::call(out, id, token, name, argument)
        })
    }

    /// Reads a variable. Only ask for what the device described: many read address zero for a name they do not know.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn read(&mut self, out: &mut Vec<u8>, name: &str) -> Result<Asked, SendError> {
        self.ask(out, About::Read, |out, id, token| from_cloud::read(out, id, token, name))
    }

    /// Asks for one describe, or for a later block of it, of 512 bytes.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn describe(
        &mut self,
        out: &mut Vec<u8>,
        kind: DescribeKind,
        block: Option<u32>,
    ) -> Result<Asked, SendError> {
        let szx = crate::tcp::describe::BLOCK_EXPONENT;
        let block = block.map(|num| Block { num, more: false, szx });
        self.ask(out, About::Describe(kind), |out, id, token| {
            from_cloud::describe(out, id, token, kind, block)
        })
    }

    /// Has the device shout, or stop.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn signal(&mut self, out: &mut Vec<u8>, on: bool) -> Result<Asked, SendError> {
        self.ask(out, About::Signal, |out, id, token| from_cloud::signal(out, id, token, on))
    }

    /// Asks whether the device is there.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn ping(&mut self, out: &mut Vec<u8>) -> Result<Asked, SendError> {
        self.questions.has_room()?;
        let asked = Asked { id: self.next_id(), token: None, about: About::Ping };
        self.frame(out, |out| {
            from_cloud::ping(out, asked.id);
            Ok(())
        })?;
        self.questions.push(asked);
        Ok(asked)
    }

    /// Passes an event on. Its name, data and, if it is not 60 s, time to live are sent; not its content format.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn event(&mut self, out: &mut Vec<u8>, event: &Event<'_>) -> Result<(), SendError> {
        let id = self.next_id();
        let plain = Event {
            name: (&*event.name).into(),
            content_format: crate::ContentFormat::TEXT,
            confirmable: false,
            ..*event
        };
        self.frame(out, |out| Ok(from_cloud::event(out, id, &plain)?))
    }

    /// Acknowledges a confirmable message of the device's, a ping among them.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn acknowledge(&mut self, out: &mut Vec<u8>, id: MessageId) -> Result<(), SendError> {
        self.frame(out, |out| {
            reply::ack_empty(out, id);
            Ok(())
        })
    }

    /// Acknowledges with an answer: 2.04 to a describe, or a refusal.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn answer(
        &mut self,
        out: &mut Vec<u8>,
        to: &Message<'_>,
        answer: Answer,
    ) -> Result<(), SendError> {
        self.frame(out, |out| {
            reply::ack(out, to.id, to.token, answer, &[]);
            Ok(())
        })
    }

    /// Answers a request for the time: seconds since 1970.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn time(
        &mut self,
        out: &mut Vec<u8>,
        to: &Message<'_>,
        unix_seconds: u32,
    ) -> Result<(), SendError> {
        self.frame(out, |out| {
            reply::time(out, to.id, to.token, unix_seconds);
            Ok(())
        })
    }

    fn next_id(&mut self) -> MessageId {
        self.ids.next(|id| self.questions.has_id(id))
    }

    fn ask(
        &mut self,
        out: &mut Vec<u8>,
        about: About,
        write: impl FnOnce(&mut Vec<u8>, MessageId, RequestToken) -> Result<(), crate::Error>,
    ) -> Result<Asked, SendError> {
        self.questions.has_room()?;
        let id = self.next_id();
        let token = self.ids.next_token(|token| self.questions.has_token(token));
        self.frame(out, |out| Ok(write(out, id, token)?))?;
        let asked = Asked { id, token: Some(token), about };
        self.questions.push(asked);
        Ok(asked)
    }

    /// The only way out: whatever is written is checked against what the device can take.
    fn frame(
        &mut self,
        out: &mut Vec<u8>,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), SendError>,
    ) -> Result<(), SendError> {
        if self.channel.has_ended() {
            return Err(SendError::Ended);
        }
        let (Some(limits), Some(generation)) = (self.limits(), self.generation) else {
            return Err(SendError::NotForDevice(crate::Error::Hello));
        };
        let blocks = generation == Generation::Photon3;
        self.channel.seal(out, write, |message| rules::check(message, &limits, blocks))
    }
}
