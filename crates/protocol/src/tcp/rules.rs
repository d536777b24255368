//! What a cloud may send to a device: every frame passes here before it is sealed.
//!
//! Old firmware finds things at fixed places, cuts what is too long and calls the function all the same, reads
//! address zero, or writes past its buffer. What it was not made to take never leaves the cloud.

use super::channel::padded;
use super::request::Form;
use super::update::{self, FromCloud};
use super::{Generation, Limits};
use crate::coap::{Code, Kind, Message, option};
use crate::describe::DescribeKind;
use crate::{Error, path};

/// Why a message is not sent to a device.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The device's generation takes no more than this.
    #[error("this device takes {limit} bytes at most: shorten it")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The name is empty or longer than the device's generation takes.
    #[error("a name is 1 to {limit} bytes for this device: shorten it")]
    Name {
        /// The limit in bytes.
        limit: usize,
    },
    /// Devices do not understand this message, or not from before they said hello.
    #[error("no message for this device ({0}): send what its generation knows")]
    NotForDevice(Error),
    /// Too much was asked that the device did not answer.
    #[error("the device left 255 questions unanswered: end the session")]
    Unanswered,
    /// An update is under way: a device has no room for anything else then.
    #[error("an update of the device is under way: try again after it")]
    Updating,
    /// The session has ended.
    #[error("the session has ended")]
    Ended,
}

impl From<Error> for SendError {
    fn from(error: Error) -> Self {
        match error {
            Error::TooLong { limit } => Self::TooLarge { limit },
            Error::Name => Self::Name { limit: crate::MAX_NAME },
            other => Self::NotForDevice(other),
        }
    }
}

/// Whether a device with these limits takes this message.
pub(super) fn check(
    message: &[u8],
    limits: &Limits,
    generation: Generation,
) -> Result<(), SendError> {
    let plaintext = message.len();
    let message = Message::parse(message)?;
    check_form(&message, generation)?;
    check_sizes(&message, limits)?;
    let metrics = message.uri_query().next() == Some(&[DescribeKind::Metrics.number()]);
    if metrics && message.code == Code::GET && !generation.knows_metrics() {
        return Err(SendError::NotForDevice(Error::Query));
    }
    if padded(plaintext) <= limits.frame {
        return Ok(());
    }
    // Only what varies can be too much: what is left for it is the frame without the rest and its least padding.
    let rest = plaintext - varying(&message);
    Err(SendError::TooLarge { limit: limits.frame.saturating_sub(rest + 1) })
}

/// The bytes of a message that are its user's.
fn varying(message: &Message<'_>) -> usize {
    let queries: usize = message.uri_query().map(<[u8]>::len).sum();
    queries + message.payload().len()
}

fn check_form(message: &Message<'_>, generation: Generation) -> Result<(), SendError> {
    use Kind::{Acknowledgement, Confirmable, NonConfirmable};
    let (path, token, options): (_, _, &[u16]) =
        match (message.kind, message.code, path::letter(message.uri_path().next())) {
            (Confirmable | Acknowledgement, Code::EMPTY, None) => (0..=0, 0..=0, &[]),
            (Acknowledgement, code, None) if is_answer(code, message.payload()) => {
                (0..=0, 0..=1, &[])
            }
            (NonConfirmable, Code::POST, Some(b'h')) => (1..=1, 0..=0, &[]),
            (NonConfirmable, Code::POST, Some(b'e' | b'E')) => {
                (2..=usize::MAX, 0..=0, &[option::MAX_AGE])
            }
            (Confirmable, Code::POST, Some(b'f')) => (2..=2, 1..=1, &[option::URI_QUERY]),
            (Confirmable, Code::GET, Some(b'v')) => (2..=2, 1..=1, &[]),
            (Confirmable, Code::PUT, Some(b's')) => (1..=1, 1..=1, &[option::URI_QUERY]),
            (Confirmable, Code::POST | Code::PUT, Some(b'u')) => (1..=1, 1..=1, &[]),
            (Confirmable, Code::POST, Some(b'c')) => {
                (1..=1, 1..=1, &[option::URI_QUERY, option::URI_QUERY])
            }
            (Confirmable, Code::GET, Some(b'd')) if generation.knows_blocks() => {
                (1..=1, 1..=1, &[option::URI_QUERY, option::BLOCK2])
            }
            (Confirmable, Code::GET, Some(b'd')) => (1..=1, 1..=1, &[option::URI_QUERY]),
            _ => return Err(SendError::NotForDevice(Error::KindAndCode(message.code))),
        };
    let form = Form { path, token, options };
    form.check(message).map_err(|_| SendError::NotForDevice(Error::Path))
}

/// What an acknowledgement may say. A device takes any 2.05 for the time, so it must be that.
fn is_answer(code: Code, payload: &[u8]) -> bool {
    match code {
        Code::CONTENT => payload.len() == 4,
        Code::CHANGED | Code::CONTINUE => payload.is_empty(),
        code => matches!(code.class(), 4 | 5) && payload.is_empty(),
    }
}

fn check_sizes(message: &Message<'_>, limits: &Limits) -> Result<(), SendError> {
    let segments = || message.uri_path().skip(1);
    // Segments are joined with slashes between them.
    let name: usize = segments().map(|segment| segment.len() + 1).sum::<usize>().saturating_sub(1);
    let query = message.uri_query().next();
    let payload = message.payload().len();
    match (message.code, path::letter(message.uri_path().next())) {
        (Code::POST, Some(b'e' | b'E')) => {
            check_name(name, limits.event_name)?;
            if is_farewell(segments()) {
                return Err(SendError::NotForDevice(Error::Name));
            }
            at_most(payload, limits.event_data)
        }
        (Code::POST, Some(b'f')) => {
            check_name(name, limits.name)?;
            at_most(payload, 0)?;
            // Always there, even if empty.
            at_most(query.ok_or(Error::Query)?.len(), limits.argument)
        }
        (Code::GET, Some(b'v')) => {
            check_name(name, limits.name)?;
            at_most(payload, 0)
        }
        (Code::GET, Some(b'd')) => {
            DescribeKind::from_query(query)?;
            match message.block2()? {
                Some(block) if block.szx != super::describe::BLOCK_EXPONENT => {
                    Err(Error::BlockOption.into())
                }
                _ => at_most(payload, 0),
            }
        }
        (Code::PUT, Some(b's')) if !matches!(query, Some(&[0 | 1])) => Err(Error::Query.into()),
        (Code::POST, Some(b'u' | b'c')) | (Code::PUT, Some(b'u')) => {
            check_update(message, limits.chunk)
        }
        (_, Some(_)) => at_most(payload, 0),
        (_, None) => Ok(()),
    }
}

fn check_update(message: &Message<'_>, chunk: usize) -> Result<(), SendError> {
    match FromCloud::decode(message)?.ok_or(Error::Update)? {
        FromCloud::Begin(begin) => at_most(begin.chunk.into(), chunk),
        FromCloud::Chunk(update::Chunk { data, .. }) => at_most(data.len(), chunk),
        FromCloud::Done => Ok(()),
    }
}

/// Whether a device has room for a message while it is updated.
pub(super) fn check_updating(message: &[u8]) -> Result<(), SendError> {
    let message = Message::parse(message)?;
    let is_answer = message.kind == Kind::Acknowledgement;
    let letter = path::letter(message.uri_path().next());
    let updates = matches!(letter, Some(b'u' | b'c'));
    if is_answer || updates { Ok(()) } else { Err(SendError::Updating) }
}

/// Whether this event has a device forget the cloud that it trusts, and where it is.
fn is_farewell<'a>(segments: impl Iterator<Item = &'a [u8]>) -> bool {
    const NAME: &[u8] = b"spark/device/key";
    let mut name = segments.enumerate().flat_map(|(place, segment)| {
        let slash: &[u8] = if place == 0 { b"" } else { b"/" };
        slash.iter().chain(segment)
    });
    NAME.iter().all(|byte| name.next() == Some(byte))
}

fn check_name(length: usize, limit: usize) -> Result<(), SendError> {
    if (1..=limit).contains(&length) { Ok(()) } else { Err(SendError::Name { limit }) }
}

fn at_most(length: usize, limit: usize) -> Result<(), SendError> {
    if length <= limit { Ok(()) } else { Err(SendError::TooLarge { limit }) }
}
