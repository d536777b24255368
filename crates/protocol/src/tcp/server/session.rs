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
use crate::coap::{Code, Kind, Message, MessageId, RequestToken, Token, option};
use crate::tcp::channel::{self, Channel};
use crate::tcp::request::{self, Form, Request};
use crate::tcp::{Anomaly, Credentials, Generation, Hello, Limits};
use crate::weakened::{self, Weakness};
use crate::{Error, value};

/// The longest hello: the long form, some bytes for versions to come, and its header.
const HELLO_FRAME: usize = 64;

/// The cloud's end of a session, from the credentials on. About 150 bytes while nothing is under way.
pub struct Session {
    pub(super) channel: Channel,
    pub(super) ids: Ids,
    pub(super) questions: Questions,
    generation: Option<Generation>,
    /// The longest message that the device said it takes; zero where it did not say.
    announced: u16,
    /// The longest chunk that it said it takes; zero where it did not say.
    announced_chunk: u16,
    /// While an update is under way: the bytes at the end of its buffer that the device needs for that.
    pub(super) updating: Option<u16>,
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
            announced: 0,
            announced_chunk: 0,
            updating: None,
            plain: false,
        }
    }

    /// A session whose handshake was held elsewhere: for tests and recorded conversations.
    #[must_use]
    pub fn from_credentials(credentials: &Credentials) -> Self {
        Self::new(credentials)
    }

    /// Takes up a question that was asked elsewhere: for recorded conversations.
    pub fn remember(&mut self, asked: Asked) {
        if asked.about == About::UpdateBegin {
            self.updating = Some(0);
        }
        self.questions.push(asked);
    }

    /// Which firmware the device runs, once it said hello.
    #[must_use]
    pub const fn generation(&self) -> Option<Generation> {
        self.generation
    }

    /// What the device can take. Narrower than its generation's while it may be the first firmware of all, or where
    /// it said so.
    #[must_use]
    pub fn limits(&self) -> Option<Limits> {
        let mut limits = self.generation?.limits();
        if self.generation == Some(Generation::Core) && !self.plain {
            limits.event_data = 63;
        }
        if self.announced != 0 {
            limits.frame = limits.frame.min(channel::within(self.announced));
        }
        if self.announced_chunk != 0 {
            limits.chunk = limits.chunk.min(self.announced_chunk.into());
        }
        limits.frame = limits.frame.saturating_sub(self.updating.unwrap_or(0).into());
        Some(limits)
    }

    /// Whether a ping waits for its acknowledgement.
    #[must_use]
    pub fn awaits_ping(&self) -> bool {
        self.questions.oldest_ping().is_some()
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
            if weakened::is(Weakness::AnomaliesSurvived) {
                *input = &[];
                return Ok(None);
            }
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
        let shifted = self.unshift(generation, plaintext);
        self.mend_refusal(generation, plaintext);
        let mut message = Message::parse(plaintext).map_err(Anomaly::Message)?;
        let sense = match message.kind {
            Kind::Acknowledgement | Kind::Reset => {
                self.plain |= message.code == Code::EMPTY && !shifted;
                self.settled(generation, &message)?
            }
            Kind::Confirmable | Kind::NonConfirmable => self.originated(generation, &message)?,
        };
        self.note_update(&sense);
        if let (Kind::Acknowledgement, Some(asked)) = (message.kind, sense.asked()) {
            message.id = asked.id;
        }
        Ok(Some(Received { message, sense }))
    }

    fn greeted(&mut self, message: &Message<'_>) -> Result<Sense<'static>, Anomaly> {
        let hello = request::hello(message)?;
        let is_newer = self.ids.begin(message.id)?;
        let generation = match hello.generation() {
            // The first candidates of 0.8 said nothing of what they could do.
            Generation::PhotonOld if is_newer => Generation::Photon,
            generation => generation,
        };
        let most = generation.limits().frame_from;
        self.channel.allow(match hello.sizes {
            Some(sizes) => most.min(sizes.max_message.into()),
            None => most,
        });
        self.announced = hello.sizes.map_or(0, |sizes| sizes.max_message);
        self.announced_chunk = hello.sizes.map_or(0, |sizes| sizes.chunk);
        self.generation = Some(generation);
        Ok(Sense::Hello(hello))
    }

    /// A message that the device began: a request, or a response in a message of its own.
    fn originated<'s>(
        &mut self,
        generation: Generation,
        message: &Message<'s>,
    ) -> Result<Sense<'s>, Anomaly> {
        self.ids.take(message.id)?;
        if !message.code.is_response() {
            let request = within(generation, request::decode(message)?)?;
            return self.in_place(generation, request).map(Sense::Request);
        }
        let token = RequestToken::try_from(message.token).map_err(|_| Anomaly::Unasked)?;
        let asked = self.questions.answered(token).ok_or(Anomaly::Unasked)?;
        answer(message, asked)
    }

    /// What a device says of an update, it says only while one is under way.
    fn in_place<'s>(
        &self,
        generation: Generation,
        request: Request<'s>,
    ) -> Result<Request<'s>, Anomaly> {
        let may_come = match request {
            Request::ChunksMissed(_) => self.is_updating(),
            Request::UpdateDone => self.is_updating() && generation.may_finish_by_itself(),
            _ => true,
        };
        if may_come { Ok(request) } else { Err(Anomaly::Unasked) }
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
            let asked = self.questions.acknowledged(id);
            return asked.map(Sense::Acknowledged).ok_or(Anomaly::Unasked);
        }
        let token = match RequestToken::try_from(message.token) {
            Ok(token) => Some(token),
            // Old firmware refuses without a token.
            Err(Token::EMPTY) if is_refusal(message.code) => None,
            Err(_) => return Err(Anomaly::Unasked),
        };
        let asked = self.questions.answered_at_once(id, token, |about| match about {
            About::Describe(_) => generation.may_describe_twice(),
            // What refuses too long an argument calls the function all the same.
            About::Call => is_refusal(message.code),
            _ => false,
        });
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
    /// something and what it says does not. Whether it did that.
    fn unshift(&self, generation: Generation, plaintext: &mut [u8]) -> bool {
        let [0x60, code, high, low] = plaintext else { return false };
        let said = MessageId(u16::from_be_bytes([*high, *low]));
        let shifted = MessageId(u16::from_be_bytes([*code, *high]));
        let applies = generation.may_shift_acknowledgements()
            && *low == 0
            && !(*code == 0 && self.questions.awaits(said))
            && self.questions.awaits(shifted);
        if applies {
            (*code, *high, *low) = (0, *code, *high);
        }
        applies
    }

    /// Puts right how 0.4.0 refuses an update: with the code of a request.
    fn mend_refusal(&self, generation: Generation, plaintext: &mut [u8]) {
        let [0x60, code @ 1, high, low] = plaintext else { return };
        let id = MessageId(u16::from_be_bytes([*high, *low]));
        if generation.may_refuse_with_request() && self.questions.begins_update(id) {
            *code = Code::BAD_REQUEST.0;
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

/// An event is no longer than the generation publishes: what is longer is several frames run together.
fn within(generation: Generation, request: Request<'_>) -> Result<Request<'_>, Anomaly> {
    let limit = generation.limits().event_data_from;
    match &request {
        Request::Event(event) if event.data.len() > limit => Err(Error::TooLong { limit }.into()),
        _ => Ok(request),
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
        About::UpdateDone => (Code::CHANGED, &[option::CONTENT_FORMAT][..]),
        About::Call | About::Signal | About::UpdateBegin | About::Chunk => (Code::CHANGED, &[][..]),
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
        About::Signal | About::Chunk if !message.payload().is_empty() => {
            return Err(Anomaly::Unknown);
        }
        About::UpdateBegin if !matches!(message.payload(), [0 | 1]) => {
            return Err(Anomaly::Unknown);
        }
        About::Describe(_) => _ = message.block2()?,
        _ => {}
    }
    Ok(Sense::Answered(asked))
}
