//! What a device says of its own accord over TCP, read as strictly as it can be.
//!
//! | message | kind, code | path |
//! |---|---|---|
//! | hello | NON POST | `h` |
//! | describe | CON POST | `d` |
//! | event | NON or CON POST | `e` or `E`, then the name as one segment |
//! | subscribe | CON or NON GET | `e` or `E`, then the prefix as one segment |
//! | time | CON GET | `t` |
//! | goodbye | NON or CON POST | `x` |
//! | chunks missed | CON or NON GET | `c` |
//! | update complete | NON PUT, or POST | `u` |
//! | ping | CON, empty | |
//!
//! Everything else is an anomaly: a wrong kind, code, path, token, or an option that the message does not have.

use alloc::borrow::Cow;

use super::update::Missed;
use super::{Anomaly, Hello};
use crate::coap::{Block, Code, Kind, Message, Opt, option};
use crate::describe::DescribeKind;
use crate::goodbye::Goodbye;
use crate::{Error, Event, SubscriptionKind, path};

/// No-Response (RFC 7967), which a goodbye has.
const NO_RESPONSE: u16 = 258;

/// A request from a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// What it runs, unasked. 3.x sends the first block of a long one and then nothing: ask for the whole.
    /// Acknowledge it; [`super::describe::Description`] reads it.
    Describe {
        /// Which of the describes.
        kind: DescribeKind,
        /// The bytes, or one block of them.
        body: &'a [u8],
        /// Which block, if the body did not fit one message.
        block: Option<Block>,
    },
    /// Something happened. Acknowledge it if it is confirmable.
    Event(Event<'a>),
    /// It wants to hear of something. Acknowledge it if the message is confirmable.
    Subscribe(Subscription<'a>),
    /// What time is it? Answer with [`super::server::Session::time`].
    Time,
    /// It leaves.
    Goodbye(Goodbye),
    /// Of an update that is under way, chunks are missing. Acknowledge it if the message is confirmable.
    ChunksMissed(Missed<'a>),
    /// Of an update that is under way, nothing is missing any more.
    UpdateDone,
    /// Are you there? Acknowledge it.
    Ping,
}

/// A device's wish to be sent the events whose names begin with `prefix`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription<'a> {
    /// What the name must begin with, at most 64 bytes; empty means every event.
    pub prefix: Cow<'a, str>,
    /// Which payloads are wanted.
    pub kind: SubscriptionKind,
    /// Whether only events of the owner's own devices are wanted.
    pub mine: bool,
    /// The one device whose events are wanted: the first 12 or all 24 digits of its id, lower or upper case. After a
    /// reconnect some firmware sends only 12.
    pub device: Option<&'a str>,
}

/// Says what a message from a device means, if it is neither a hello nor an answer.
pub(super) fn decode<'a>(message: &Message<'a>) -> Result<Request<'a>, Anomaly> {
    let confirmable = match message.kind {
        Kind::Confirmable => true,
        Kind::NonConfirmable => false,
        Kind::Acknowledgement | Kind::Reset => return Err(Anomaly::Unknown),
    };
    if message.code == Code::EMPTY {
        return Ok(Request::Ping);
    }
    match (message.code, path::letter(message.uri_path().next()), confirmable) {
        (Code::POST, Some(b'e' | b'E'), _) => event(message),
        (Code::GET, Some(b'e' | b'E'), _) => subscription(message),
        (Code::POST, Some(b'd'), true) => describe(message),
        (Code::GET, Some(b't'), true) => time(message),
        (Code::POST, Some(b'x'), _) => goodbye(message),
        (Code::GET, Some(b'c'), _) => missed(message),
        (Code::PUT | Code::POST, Some(b'u'), false) => done(message),
        (Code::POST, Some(b'h'), false) => Err(Anomaly::SecondHello),
        _ => Err(Anomaly::Unknown),
    }
}

/// Reads the first message of a session.
pub(super) fn hello(message: &Message<'_>) -> Result<Hello, Anomaly> {
    let is_hello = message.kind == Kind::NonConfirmable
        && message.code == Code::POST
        && path::letter(message.uri_path().next()) == Some(b'h');
    if !is_hello {
        return Err(Anomaly::NotHello);
    }
    Form { path: 1..=1, token: 0..=0, options: &[] }.check(message)?;
    Ok(Hello::parse(message.payload())?)
}

fn event<'a>(message: &Message<'a>) -> Result<Request<'a>, Anomaly> {
    let options = &[option::CONTENT_FORMAT, option::MAX_AGE];
    Form { path: 2..=2, token: 0..=0, options }.check(message)?;
    Ok(Request::Event(Event::read(message)?))
}

fn subscription<'a>(message: &Message<'a>) -> Result<Request<'a>, Anomaly> {
    let options = &[option::URI_QUERY, option::URI_QUERY];
    Form { path: 1..=2, token: 0..=0, options }.check(message)?;
    let (mut kind, mut mine) = (SubscriptionKind::Text, false);
    for query in message.uri_query() {
        match query {
            b"u" => mine = true,
            b"b" => kind = SubscriptionKind::Binary,
            b"c" => kind = SubscriptionKind::Cbor,
            _ => return Err(Error::Query.into()),
        }
    }
    let prefix = path::joined(message.uri_path().skip(1))?;
    let device = device(message.payload())?;
    Ok(Request::Subscribe(Subscription { prefix, kind, mine, device }))
}

/// The payload of a subscription: nothing, or the digits of a device id.
fn device(payload: &[u8]) -> Result<Option<&str>, Error> {
    let text = core::str::from_utf8(payload).map_err(|_| Error::DeviceId)?;
    let digits = text.bytes().all(|digit| digit.is_ascii_hexdigit());
    match payload.len() {
        0 => Ok(None),
        12 | 24 if digits => Ok(Some(text)),
        _ => Err(Error::DeviceId),
    }
}

fn describe<'a>(message: &Message<'a>) -> Result<Request<'a>, Anomaly> {
    let options = &[option::CONTENT_FORMAT, option::URI_QUERY, option::BLOCK1];
    Form { path: 1..=1, token: 0..=1, options }.check(message)?;
    let kind = DescribeKind::from_query(message.uri_query().next())?;
    let (body, block) = (message.payload(), message.block1()?);
    Ok(Request::Describe { kind, body, block })
}

fn time<'a>(message: &Message<'a>) -> Result<Request<'a>, Anomaly> {
    Form { path: 1..=1, token: 1..=1, options: &[] }.check(message)?;
    if message.payload().is_empty() { Ok(Request::Time) } else { Err(Anomaly::Unknown) }
}

fn missed<'a>(message: &Message<'a>) -> Result<Request<'a>, Anomaly> {
    Form { path: 1..=1, token: 0..=1, options: &[] }.check(message)?;
    Ok(Request::ChunksMissed(Missed::read(message.payload())?))
}

/// Later firmware of the older program also says what it thinks of the file.
fn done<'a>(message: &Message<'a>) -> Result<Request<'a>, Anomaly> {
    Form { path: 1..=1, token: 0..=1, options: &[option::CONTENT_FORMAT] }.check(message)?;
    Ok(Request::UpdateDone)
}

fn goodbye<'a>(message: &Message<'a>) -> Result<Request<'a>, Anomaly> {
    Form { path: 1..=1, token: 0..=1, options: &[NO_RESPONSE] }.check(message)?;
    Ok(Request::Goodbye(Goodbye::parse(message.payload())?))
}

/// How many path segments and token bytes a message must have, and which other options it may have: as often as they
/// are listed.
pub(super) struct Form {
    pub(super) path: core::ops::RangeInclusive<usize>,
    pub(super) token: core::ops::RangeInclusive<usize>,
    pub(super) options: &'static [u16],
}

impl Form {
    pub(super) fn check(&self, message: &Message<'_>) -> Result<(), Anomaly> {
        let (mut segments, mut last, mut repeated) = (0, 0, 0);
        for Opt { number, .. } in message.options() {
            repeated = if number == last { repeated + 1 } else { 1 };
            last = number;
            if number == option::URI_PATH {
                segments += 1;
            } else if repeated > self.options.iter().filter(|known| **known == number).count() {
                return Err(Error::CriticalOption(number).into());
            }
        }
        let token = message.token.as_bytes().len();
        if !self.token.contains(&token) {
            return Err(Error::TokenLength(token as u8).into());
        }
        if self.path.contains(&segments) { Ok(()) } else { Err(Error::Path.into()) }
    }
}
