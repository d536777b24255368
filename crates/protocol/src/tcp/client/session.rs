//! A device's end of a session, which does what its firmware does.
//!
//! Like firmware, it takes whatever ids the cloud's messages have. Unlike firmware, it checks the padding and the
//! form of what it gets, and ends the session where old devices would crash.

use alloc::vec::Vec;

use super::Firmware;
use super::firmware::SaltOrder;
use crate::coap::{Block, Code, Kind, Message, MessageId, RequestToken, Token, Writer, option};
use crate::describe::DescribeKind;
use crate::goodbye::Goodbye;
use crate::tcp::channel::Channel;
use crate::tcp::{Anomaly, Credentials, Hello, Subscription};
use crate::value::Value;
use crate::{Error, Event, SubscriptionKind, from_cloud, from_device, path, reply};

/// A device's end of a session.
pub struct Session {
    channel: Channel,
    firmware: Firmware,
    next_id: u16,
    next_token: u8,
    /// What the function that was called last was given, for firmware that recalls it.
    argument: Vec<u8>,
}

/// A message from the cloud.
#[derive(Debug)]
pub struct Received<'s> {
    /// The message.
    pub message: Message<'s>,
    /// What it means.
    pub heard: Heard<'s>,
}

/// What a message from the cloud means.
#[derive(Debug, PartialEq)]
pub enum Heard<'s> {
    /// It wants something. What it wants to be described comes as [`Heard::Describe`].
    Request(from_cloud::Request<'s>),
    /// Say what you run: 1 system, 2 application, 4 metrics, or a sum of them; `None` where it did not say.
    Describe {
        /// The sum.
        flags: Option<u8>,
        /// The block it wants, if not the first.
        block: Option<Block>,
    },
    /// The time, in seconds since 1970.
    Time(u32),
    /// It heard the message with this id.
    Acknowledged,
    /// It refused the message with this id.
    Refused,
}

impl Session {
    /// A session with these credentials. `token` is what a random number generator gives, for firmware that does
    /// not take its first token from the salt.
    #[must_use]
    pub fn new(credentials: &Credentials, firmware: Firmware, token: u8) -> Self {
        let (key, vector, salt) = credentials.parts();
        let [first, second, third, ..] = salt;
        let (id, token) = match firmware.salt_order {
            SaltOrder::BigEndian => (u16::from_be_bytes([first, second]), third),
            SaltOrder::LittleEndian => (u16::from_le_bytes([first, second]), token),
        };
        Self {
            channel: Channel::new(key, vector, firmware.largest_frame),
            firmware,
            next_id: id.wrapping_add(1),
            next_token: token.wrapping_add(1),
            argument: Vec::new(),
        }
    }

    /// Which firmware this is.
    #[must_use]
    pub const fn firmware(&self) -> &Firmware {
        &self.firmware
    }

    /// Takes bytes of the stream from `input`, in whatever pieces they come, up to the end of the next frame; what was
    /// in it, once it is whole. Call until there is `None`.
    ///
    /// # Errors
    /// The [`Anomaly`] that ended the session: close the connection.
    pub fn receive<'s>(
        &mut self,
        input: &mut &[u8],
        scratch: &'s mut Vec<u8>,
    ) -> Result<Option<Received<'s>>, Anomaly> {
        let received = self.take(input, scratch);
        if received.is_err() {
            self.channel.end();
        }
        received
    }

    fn take<'s>(
        &mut self,
        input: &mut &[u8],
        scratch: &'s mut Vec<u8>,
    ) -> Result<Option<Received<'s>>, Anomaly> {
        let Some(plaintext) = self.channel.receive(input, scratch)? else { return Ok(None) };
        let message = Message::parse(plaintext).map_err(Anomaly::Message)?;
        Ok(Some(Received { message, heard: heard(&message)? }))
    }

    fn next_id(&mut self) -> MessageId {
        let id = MessageId(self.next_id);
        self.next_id = self.next_id.wrapping_add(1);
        id
    }

    fn next_token(&mut self) -> RequestToken {
        let token = RequestToken(self.next_token);
        self.next_token = self.next_token.wrapping_add(1);
        token
    }

    /// What the called function gets for this argument, and whether the call must be refused as well: for one that
    /// is too long, old firmware does both.
    pub fn argument(&mut self, given: &[u8]) -> (&[u8], bool) {
        let longest = self.firmware.longest_argument;
        let fits = given.len() <= longest;
        if fits || !self.firmware.recalls_argument {
            self.argument.clear();
            self.argument.extend(given.iter().take(longest));
        }
        (&self.argument, !fits)
    }
}

fn heard<'s>(message: &Message<'s>) -> Result<Heard<'s>, Anomaly> {
    match message.kind {
        // Firmware takes any 2.05 for the time.
        Kind::Acknowledgement if message.code == Code::CONTENT => {
            let seconds = message.payload().try_into().map_err(|_| Error::Value)?;
            Ok(Heard::Time(u32::from_be_bytes(seconds)))
        }
        Kind::Acknowledgement if matches!(message.code.class(), 4 | 5) => Ok(Heard::Refused),
        Kind::Acknowledgement => Ok(Heard::Acknowledged),
        Kind::Reset => Ok(Heard::Refused),
        Kind::Confirmable | Kind::NonConfirmable if is_describe(message) => describe(message),
        Kind::Confirmable | Kind::NonConfirmable => {
            Ok(Heard::Request(from_cloud::decode(message)?))
        }
    }
}

fn is_describe(message: &Message<'_>) -> bool {
    message.code == Code::GET && path::letter(message.uri_path().next()) == Some(b'd')
}

fn describe<'s>(message: &Message<'s>) -> Result<Heard<'s>, Anomaly> {
    let flags = match message.uri_query().next() {
        None => None,
        Some(&[flags @ 1..=7]) => Some(flags),
        Some(_) => return Err(Error::Query.into()),
    };
    Ok(Heard::Describe { flags, block: message.block2()? })
}

/// What the device says. Each appends one frame to `out`, or two where firmware sends two messages; nothing when it
/// fails.
impl Session {
    fn frame(
        &mut self,
        out: &mut Vec<u8>,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.channel.seal(out, write, |_| Ok(()))
    }

    /// Seals any message: for tests that say what no device says.
    ///
    /// # Errors
    /// None.
    pub fn seal(&mut self, out: &mut Vec<u8>, message: &[u8]) -> Result<(), Error> {
        self.frame(out, |out| {
            out.extend_from_slice(message);
            Ok(())
        })
    }

    /// Says hello, which must come first.
    ///
    /// # Errors
    /// The writer's.
    pub fn hello(
        &mut self,
        out: &mut Vec<u8>,
        product_id: u16,
        product_version: Option<u16>,
        platform_id: u16,
    ) -> Result<(), Error> {
        let Firmware { flags, sizes, .. } = self.firmware;
        let hello = Hello { product_id, product_version, flags, platform_id, sizes };
        let id = self.next_id();
        let mut payload = Vec::new();
        hello.write(&mut payload);
        self.frame(out, |out| {
            let writer = Writer::new(out, Kind::NonConfirmable, Code::POST, id, Token::EMPTY);
            writer.path(b"h")?.payload(&payload);
            Ok(())
        })
    }

    /// Publishes an event; the id that its acknowledgement will have.
    ///
    /// # Errors
    /// [`Error::Name`] or [`Error::TooLong`].
    pub fn event(&mut self, out: &mut Vec<u8>, event: &Event<'_>) -> Result<MessageId, Error> {
        let id = self.next_id();
        self.frame(out, |out| from_device::event(out, id, event))?;
        Ok(id)
    }

    /// Subscribes; the id that the acknowledgement will have.
    ///
    /// # Errors
    /// [`Error::Name`] for a prefix of more than 64 bytes.
    pub fn subscribe(
        &mut self,
        out: &mut Vec<u8>,
        wish: &Subscription<'_>,
    ) -> Result<MessageId, Error> {
        let id = self.next_id();
        self.frame(out, |out| subscribe(out, id, wish))?;
        Ok(id)
    }

    /// Asks for the time.
    ///
    /// # Errors
    /// The writer's.
    pub fn time(&mut self, out: &mut Vec<u8>) -> Result<MessageId, Error> {
        let (id, token) = (self.next_id(), self.next_token());
        self.frame(out, |out| from_device::time(out, id, token))?;
        Ok(id)
    }

    /// Pings.
    ///
    /// # Errors
    /// The writer's.
    pub fn ping(&mut self, out: &mut Vec<u8>) -> Result<MessageId, Error> {
        let id = self.next_id();
        self.frame(out, |out| {
            from_device::ping(out, id);
            Ok(())
        })?;
        Ok(id)
    }

    /// Describes itself unasked. Firmware 3.x sends the first block of what does not fit one frame, and no more.
    ///
    /// # Errors
    /// The writer's.
    pub fn describe(
        &mut self,
        out: &mut Vec<u8>,
        kind: DescribeKind,
        body: &[u8],
    ) -> Result<MessageId, Error> {
        let id = self.next_id();
        let in_blocks = self.firmware.describes_in_blocks;
        let token = if in_blocks { self.next_token().into() } else { Token::EMPTY };
        let piece = self.piece(body, None);
        self.frame(out, |out| {
            let (body, block) = piece.map_or((body, None), |(block, data)| (data, Some(block)));
            Writer::new(out, Kind::Confirmable, Code::POST, id, token)
                .path(b"d")?
                .option(option::URI_QUERY, &[kind.number()])?
                .block(option::BLOCK1, block)?
                .payload(body);
            Ok(())
        })?;
        Ok(id)
    }

    /// Says goodbye.
    ///
    /// # Errors
    /// The writer's.
    pub fn goodbye(&mut self, out: &mut Vec<u8>, goodbye: &Goodbye) -> Result<(), Error> {
        const NO_RESPONSE: u16 = 258;
        let id = self.next_id();
        let mut payload = Vec::new();
        goodbye.write(&mut payload);
        self.frame(out, |out| {
            Writer::new(out, Kind::NonConfirmable, Code::POST, id, Token::EMPTY)
                .path(b"x")?
                .option(NO_RESPONSE, &[])?
                .payload(&payload);
            Ok(())
        })
    }

    /// The block of a body to send, if it does not fit one frame or a block was asked for.
    fn piece<'b>(&self, body: &'b [u8], num: Option<u32>) -> Option<(Block, &'b [u8])> {
        let long = body.len() > crate::tcp::describe::MAX_WHOLE;
        let wanted = self.firmware.describes_in_blocks && (long || num.is_some());
        let szx = crate::tcp::describe::BLOCK_EXPONENT;
        wanted.then(|| crate::block::piece(body, num.unwrap_or(0), szx)).flatten()
    }
}

/// What the device answers.
impl Session {
    /// Acknowledges a message, as its firmware does that.
    ///
    /// # Errors
    /// The writer's.
    pub fn acknowledge(&mut self, out: &mut Vec<u8>, id: MessageId) -> Result<(), Error> {
        let shifts = self.firmware.shifts_acknowledgements;
        self.frame(out, |out| {
            if shifts {
                let [high, low] = id.0.to_be_bytes();
                out.extend_from_slice(&[0x60, high, low, 0]);
            } else {
                reply::ack_empty(out, id);
            }
            Ok(())
        })
    }

    /// Answers a ping.
    ///
    /// # Errors
    /// The writer's.
    pub fn pong(&mut self, out: &mut Vec<u8>, id: MessageId) -> Result<(), Error> {
        let id = self.acknowledging(id);
        self.acknowledge(out, id)
    }

    /// Answers the order to shout or to stop.
    ///
    /// # Errors
    /// The writer's.
    pub fn signalled(&mut self, out: &mut Vec<u8>, to: &Message<'_>) -> Result<(), Error> {
        let id = self.acknowledging(to.id);
        self.frame(out, |out| {
            reply::ack(out, id, to.token, reply::Answer::Changed, &[]);
            Ok(())
        })
    }

    /// The id that the acknowledgement of a ping or a signal gets.
    fn acknowledging(&mut self, id: MessageId) -> MessageId {
        if self.firmware.acknowledges_with_own_id { self.next_id() } else { id }
    }

    /// Refuses a request: with a token (3.x) or without.
    ///
    /// # Errors
    /// The writer's.
    pub fn refuse(&mut self, out: &mut Vec<u8>, to: &Message<'_>) -> Result<(), Error> {
        let token = if self.firmware.describes_in_blocks { to.token } else { Token::EMPTY };
        self.frame(out, |out| {
            reply::ack(out, to.id, token, reply::Answer::BadRequest, &[]);
            Ok(())
        })
    }

    /// Answers a call that was acknowledged, with the function's result.
    ///
    /// # Errors
    /// The writer's.
    pub fn result(&mut self, out: &mut Vec<u8>, token: Token, result: i32) -> Result<(), Error> {
        let id = self.next_id();
        self.frame(out, |out| {
            Writer::new(out, Kind::NonConfirmable, Code::CHANGED, id, token)
                .payload(&result.to_be_bytes());
            Ok(())
        })
    }

    /// Answers a read, acknowledgement included. `None`: there is no such variable; firmware that does not know its
    /// variables answers with whatever is at address zero.
    ///
    /// # Errors
    /// The writer's.
    pub fn value(
        &mut self,
        out: &mut Vec<u8>,
        to: &Message<'_>,
        value: Option<&Value>,
    ) -> Result<(), Error> {
        let code = match value {
            None if self.firmware.knows_its_variables => Code::NOT_FOUND,
            _ => Code::CONTENT,
        };
        let bytes = match value {
            Some(value) => value.encode(),
            None if code == Code::CONTENT => Vec::from([0x00, 0x00, 0x02, 0x20]),
            None => Vec::new(),
        };
        let at_once = self.firmware.reads_at_once;
        self.respond(
            out,
            to,
            (at_once, Kind::NonConfirmable),
            |writer| {
                writer.payload(&bytes);
                Ok(())
            },
            code,
        )
    }

    /// Answers a describe, acknowledgement included.
    ///
    /// # Errors
    /// [`Error::BlockSequence`] for a block past the end.
    pub fn described(
        &mut self,
        out: &mut Vec<u8>,
        to: &Message<'_>,
        body: &[u8],
        block: Option<Block>,
    ) -> Result<(), Error> {
        let piece = self.piece(body, block.map(|block| block.num));
        if block.is_some() && piece.is_none() {
            return Err(Error::BlockSequence);
        }
        let at_once = self.firmware.describes_at_once;
        self.respond(
            out,
            to,
            (at_once, Kind::Confirmable),
            |writer| {
                let Some((block, data)) = piece else {
                    writer.payload(body);
                    return Ok(());
                };
                let tag = [body.len() as u8];
                writer
                    .option(option::ETAG, &tag)?
                    .block(option::BLOCK2, Some(block))?
                    .payload(data);
                Ok(())
            },
            Code::CONTENT,
        )
    }

    /// Sends a response in the acknowledgement, or after it in a message of this kind.
    fn respond(
        &mut self,
        out: &mut Vec<u8>,
        to: &Message<'_>,
        (at_once, kind): (bool, Kind),
        rest: impl FnOnce(Writer<'_>) -> Result<(), Error>,
        code: Code,
    ) -> Result<(), Error> {
        let (kind, id) = if at_once {
            (Kind::Acknowledgement, to.id)
        } else {
            self.acknowledge(out, to.id)?;
            (kind, self.next_id())
        };
        self.frame(out, |out| rest(Writer::new(out, kind, code, id, to.token)))
    }
}

fn subscribe(out: &mut Vec<u8>, id: MessageId, wish: &Subscription<'_>) -> Result<(), Error> {
    if wish.prefix.len() > crate::MAX_NAME {
        return Err(Error::Name);
    }
    let mut writer = Writer::new(out, Kind::Confirmable, Code::GET, id, Token::EMPTY).path(b"e")?;
    if !wish.prefix.is_empty() {
        writer = writer.path(wish.prefix.as_bytes())?;
    }
    if wish.mine {
        writer = writer.option(option::URI_QUERY, b"u")?;
    }
    writer = match wish.kind {
        SubscriptionKind::Text => writer,
        SubscriptionKind::Binary => writer.option(option::URI_QUERY, b"b")?,
        SubscriptionKind::Cbor => writer.option(option::URI_QUERY, b"c")?,
    };
    writer.payload(wish.device.unwrap_or("").as_bytes());
    Ok(())
}
