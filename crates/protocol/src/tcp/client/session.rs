//! A device's end of a session, which does what its firmware does.
//!
//! Like firmware, it takes whatever ids the cloud's messages have. Unlike firmware, it checks the padding and the
//! form of what it gets, and ends the session where old devices would crash.

use alloc::vec::Vec;

use super::firmware::SaltOrder;
use super::{Firmware, Overlong};
use crate::coap::{Block, Code, Kind, Message, MessageId, RequestToken};
use crate::tcp::channel::Channel;
use crate::tcp::{Anomaly, Credentials, update};
use crate::{Error, from_cloud, path};

/// A device's end of a session.
pub struct Session {
    pub(super) channel: Channel,
    pub(super) firmware: Firmware,
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
    /// A message of a firmware update.
    Update(update::FromCloud<'s>),
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

    pub(super) fn next_id(&mut self) -> MessageId {
        let id = MessageId(self.next_id);
        self.next_id = self.next_id.wrapping_add(1);
        id
    }

    pub(super) fn next_token(&mut self) -> RequestToken {
        let token = RequestToken(self.next_token);
        self.next_token = self.next_token.wrapping_add(1);
        token
    }

    /// What the called function gets for this argument, and whether the call must be refused as well: for one that
    /// is too long, old firmware does both.
    pub fn argument(&mut self, given: &[u8]) -> (&[u8], bool) {
        let longest = self.firmware.longest_argument;
        let fits = given.len() <= longest;
        let taken = match self.firmware.overlong {
            _ if fits => given.len(),
            Overlong::Previous => return (&self.argument, true),
            Overlong::PreviousLength => self.argument.len(),
            Overlong::Cut => longest,
        };
        self.argument.clear();
        self.argument.extend(given.iter().take(taken));
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
            if let Some(update) = update::FromCloud::decode(message)? {
                return Ok(Heard::Update(update));
            }
            match from_cloud::decode(message)? {
                // The transfer of [`crate::update`] is for devices over UDP.
                from_cloud::Request::Unknown | from_cloud::Request::Update(_) => {
                    Err(Anomaly::Unknown)
                }
                request => Ok(Heard::Request(request)),
            }
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
