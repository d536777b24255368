//! Events, which go both ways with the same shape, and the subscriptions that ask for them.
//!
//! A device writes the name as one path segment; a cloud may split it at its slashes. Either is read, one
//! segment is written. The paths `E` and `e` once meant public and private; that distinction is gone.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::coap::{Code, Kind, Message, MessageId, Opt, Token, Writer, option};
use crate::{Error, MAX_DATA, path};

/// How the payload of an event is to be understood (the CoAP Content-Format registry).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentFormat(pub u16);

impl ContentFormat {
    /// Text, the default that is not written.
    pub const TEXT: Self = Self(0);
    /// Raw bytes.
    pub const BINARY: Self = Self(42);
    /// CBOR.
    pub const CBOR: Self = Self(60);
    /// A Device OS structured value, itself CBOR.
    pub const STRUCTURED: Self = Self(65001);
}

/// One event, from a device or to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// The name, 1 to 64 bytes.
    pub name: Cow<'a, str>,
    /// The payload, at most 1024 bytes.
    pub data: &'a [u8],
    /// What the payload is.
    pub content_format: ContentFormat,
    /// How long the event is worth something, in seconds.
    pub ttl: u32,
    /// Whether it was, or is to be, sent so that it must be acknowledged.
    pub confirmable: bool,
}

/// The time to live that is not written, in seconds (RFC 7252 5.10.5).
const DEFAULT_TTL: u32 = 60;

/// The options that an event may have and that a receiver must understand.
const KNOWN: &[u16] = &[option::URI_PATH, option::URI_QUERY];

impl<'a> Event<'a> {
    /// A text event with the default time to live, to be acknowledged.
    #[must_use]
    pub const fn text(name: &'a str, text: &'a str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            data: text.as_bytes(),
            content_format: ContentFormat::TEXT,
            ttl: DEFAULT_TTL,
            confirmable: true,
        }
    }

    pub(crate) fn read(message: &Message<'a>) -> Result<Self, Error> {
        let Said { name, content_format, max_age } = Said::by(message)?;
        let name = name?;
        path::check_name(&name)?;
        if message.payload().len() > MAX_DATA {
            return Err(Error::TooLong { limit: MAX_DATA });
        }
        let content_format = content_format.and_then(|option| option.uint()?.try_into().ok());
        Ok(Self {
            name,
            data: message.payload(),
            content_format: ContentFormat(content_format.unwrap_or(0)),
            ttl: max_age.and_then(|option| option.uint()).unwrap_or(DEFAULT_TTL),
            confirmable: message.kind == Kind::Confirmable,
        })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>, id: MessageId) -> Result<(), Error> {
        path::check_name(&self.name)?;
        if self.data.len() > MAX_DATA {
            return Err(Error::TooLong { limit: MAX_DATA });
        }
        let kind = if self.confirmable { Kind::Confirmable } else { Kind::NonConfirmable };
        let mut writer = Writer::new(out, kind, Code::POST, id, Token::EMPTY)
            .path(b"E")?
            .path(self.name.as_bytes())?;
        if self.content_format != ContentFormat::TEXT {
            writer = writer.uint(option::CONTENT_FORMAT, self.content_format.0.into())?;
        }
        if self.ttl != DEFAULT_TTL {
            writer = writer.uint(option::MAX_AGE, self.ttl)?;
        }
        writer.payload(self.data);
        Ok(())
    }
}

/// What the options of an event say, read in one walk: most of what devices send is events.
struct Said<'a> {
    name: Result<Cow<'a, str>, Error>,
    /// The first of its kind, as is [`Said::max_age`].
    content_format: Option<Opt<'a>>,
    max_age: Option<Opt<'a>>,
}

impl<'a> Said<'a> {
    /// Fails for a critical option that an event does not have. A bad name matters less: it waits.
    fn by(message: &Message<'a>) -> Result<Self, Error> {
        let mut said = Self { name: Ok(Cow::Borrowed("")), content_format: None, max_age: None };
        let mut segments = 0;
        for option in message.options() {
            match option.number {
                option::URI_PATH => {
                    said.add_segment(segments, option.value);
                    segments += 1;
                }
                option::CONTENT_FORMAT => _ = said.content_format.get_or_insert(option),
                option::MAX_AGE => _ = said.max_age.get_or_insert(option),
                number if option.is_critical() && !KNOWN.contains(&number) => {
                    return Err(Error::CriticalOption(number));
                }
                _ => {}
            }
        }
        Ok(said)
    }

    /// The first segment of the path is not of the name: it says that this is an event.
    fn add_segment(&mut self, position: usize, segment: &'a [u8]) {
        if let (Some(position), Ok(name)) = (position.checked_sub(1), &mut self.name)
            && let Err(error) = path::append(name, position, segment)
        {
            self.name = Err(error);
        }
    }
}

/// Which payloads a subscription takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SubscriptionKind {
    /// Text formats only.
    Text,
    /// Anything.
    Binary,
    /// CBOR only.
    Cbor,
}

/// A device's wish to be sent the events whose names begin with `prefix`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription<'a> {
    /// What the name must begin with, at most 64 bytes; empty means every event.
    pub prefix: Cow<'a, str>,
    /// Which payloads are wanted.
    pub kind: SubscriptionKind,
}

impl<'a> Subscription<'a> {
    pub(crate) fn read(message: &Message<'a>) -> Result<Self, Error> {
        message.require_known(KNOWN)?;
        let prefix = path::joined(message.uri_path().skip(1))?;
        // Older firmware put a device or scope here; neither means anything now.
        let kind = message.uri_query().find_map(|query| match query {
            b"b" => Some(SubscriptionKind::Binary),
            b"c" => Some(SubscriptionKind::Cbor),
            _ => None,
        });
        Ok(Self { prefix, kind: kind.unwrap_or(SubscriptionKind::Text) })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>, id: MessageId) -> Result<(), Error> {
        if self.prefix.len() > crate::MAX_NAME {
            return Err(Error::Name);
        }
        let mut writer =
            Writer::new(out, Kind::Confirmable, Code::GET, id, Token::EMPTY).path(b"e")?;
        if !self.prefix.is_empty() {
            writer = writer.path(self.prefix.as_bytes())?;
        }
        let query: Option<&[u8]> = match self.kind {
            SubscriptionKind::Text => None,
            SubscriptionKind::Binary => Some(b"b"),
            SubscriptionKind::Cbor => Some(b"c"),
        };
        if let Some(query) = query {
            writer.option(option::URI_QUERY, query)?;
        }
        Ok(())
    }
}
