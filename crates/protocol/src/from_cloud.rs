//! What a cloud sends: [`decode`] for a device, the writers for the cloud.
//!
//! Device OS finds the path at a fixed place: a request must have a token of one byte and a first option that
//! is a path of one character, or the device drops the connection. No writer here can produce anything else,
//! events and pings excepted, which have no token and need none.

use alloc::vec::Vec;

use crate::coap::{Block, Code, Kind, Message, MessageId, RequestToken, Token, Writer, option};
use crate::describe::DescribeKind;
use crate::{Error, Event, MAX_DATA, path, update};

/// A request from the cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// Call a function. Acknowledge, then answer with [`crate::reply::call_result`].
    Call {
        /// The function.
        name: &'a str,
        /// Its argument, at most 1024 bytes, which need not be text.
        argument: &'a [u8],
    },
    /// Read a variable. Acknowledge, then answer with [`crate::reply::value`].
    Read {
        /// The variable.
        name: &'a str,
    },
    /// Say what you run. Acknowledge, then answer with [`crate::reply::describe`].
    Describe {
        /// Which of the describes.
        kind: DescribeKind,
        /// Which block of it, if not the first.
        block: Option<Block>,
    },
    /// Something happened that was subscribed to.
    Event(Event<'a>),
    /// The cloud heard the device's Hello.
    Hello,
    /// Shout (blink) or stop.
    Signal {
        /// Whether to start.
        on: bool,
    },
    /// Drop the session and shake hands anew.
    ForgetSession,
    /// A ledger request, not looked into.
    Ledger(&'a [u8]),
    /// A message of a firmware transfer.
    Update(update::FromCloud<'a>),
    /// Are you there?
    Ping,
    /// Nothing this version knows. A device stays silent.
    Unknown,
}

/// The critical options a describe request may carry.
const DESCRIBE_OPTIONS: &[u16] = &[option::URI_PATH, option::URI_QUERY, option::BLOCK2];
/// The critical options the other requests may carry.
const PLAIN_OPTIONS: &[u16] = &[option::URI_PATH, option::URI_QUERY];

/// Says what a message from the cloud means. Responses, acknowledgements and resets are
/// [`crate::exchange::Exchange`]'s business and come out as [`Request::Unknown`].
///
/// # Errors
/// A known request with wrong contents; [`Error::answer`] says what to tell the cloud.
pub fn decode<'a>(message: &Message<'a>) -> Result<Request<'a>, Error> {
    match message.kind {
        Kind::Confirmable if message.code == Code::EMPTY => return Ok(Request::Ping),
        Kind::Confirmable | Kind::NonConfirmable => {}
        Kind::Acknowledgement | Kind::Reset => return Ok(Request::Unknown),
    }
    let request = match (message.code, path::letter(message.uri_path().next())) {
        (Code::POST, Some(b'f')) => call_of(message)?,
        (Code::GET, Some(b'v')) => {
            message.require_known(PLAIN_OPTIONS)?;
            Request::Read { name: path::single(message.uri_path().skip(1))? }
        }
        (Code::GET, Some(b'd')) => {
            message.require_known(DESCRIBE_OPTIONS)?;
            let kind = DescribeKind::from_query(message.uri_query().next())?;
            Request::Describe { kind, block: message.block2()? }
        }
        (Code::POST, Some(b'E' | b'e')) => Request::Event(Event::read(message)?),
        (Code::POST, Some(b'h')) => Request::Hello,
        (Code::PUT, Some(b's')) => Request::Signal { on: flag(message)? },
        (Code::PUT, Some(b'k')) if flag(message)? => Request::ForgetSession,
        (Code::POST, Some(b'L')) => Request::Ledger(message.payload()),
        (Code::POST, Some(b'S' | b'C' | b'F')) => {
            update::FromCloud::decode(message)?.map_or(Request::Unknown, Request::Update)
        }
        _ => Request::Unknown,
    };
    Ok(request)
}

fn call_of<'a>(message: &Message<'a>) -> Result<Request<'a>, Error> {
    message.require_known(PLAIN_OPTIONS)?;
    let name = path::single(message.uri_path().skip(1))?;
    let argument = message.uri_query().next().unwrap_or(&[]);
    if argument.len() > MAX_DATA {
        return Err(Error::TooLong { limit: MAX_DATA });
    }
    Ok(Request::Call { name, argument })
}

/// A query of one byte, one or zero.
fn flag(message: &Message<'_>) -> Result<bool, Error> {
    message.require_known(PLAIN_OPTIONS)?;
    match message.uri_query().next() {
        Some(&[1]) => Ok(true),
        Some(&[0]) => Ok(false),
        _ => Err(Error::Query),
    }
}

/// The only way a request to a device is begun: one byte of token, then one character of path.
fn request(
    out: &mut Vec<u8>,
    code: Code,
    id: MessageId,
    token: RequestToken,
    letter: u8,
) -> Result<Writer<'_>, Error> {
    Writer::new(out, Kind::Confirmable, code, id, token.into()).path(&[letter])
}

/// Appends a function call.
///
/// # Errors
/// [`Error::Name`], or [`Error::TooLong`] for an argument of more than 1024 bytes.
pub fn call(
    out: &mut Vec<u8>,
    id: MessageId,
    token: RequestToken,
    name: &str,
    argument: &[u8],
) -> Result<(), Error> {
    path::check_name(name)?;
    if argument.len() > MAX_DATA {
        return Err(Error::TooLong { limit: MAX_DATA });
    }
    request(out, Code::POST, id, token, b'f')?
        .path(name.as_bytes())?
        .option(option::URI_QUERY, argument)?;
    Ok(())
}

/// Appends a read of a variable.
///
/// # Errors
/// [`Error::Name`].
pub fn read(
    out: &mut Vec<u8>,
    id: MessageId,
    token: RequestToken,
    name: &str,
) -> Result<(), Error> {
    path::check_name(name)?;
    request(out, Code::GET, id, token, b'v')?.path(name.as_bytes())?;
    Ok(())
}

/// Appends a request for one describe, or for a later block of it.
///
/// # Errors
/// [`Error::BlockOption`] if the block does not fit the wire.
pub fn describe(
    out: &mut Vec<u8>,
    id: MessageId,
    token: RequestToken,
    kind: DescribeKind,
    block: Option<Block>,
) -> Result<(), Error> {
    request(out, Code::GET, id, token, b'd')?
        .option(option::URI_QUERY, &[kind.number()])?
        .block(option::BLOCK2, block)?;
    Ok(())
}

/// Appends an event.
///
/// # Errors
/// [`Error::Name`] or [`Error::TooLong`].
pub fn event(out: &mut Vec<u8>, id: MessageId, event: &Event<'_>) -> Result<(), Error> {
    event.write(out, id)
}

/// Appends a Hello, which tells the device that its report of a finished update was heard.
///
/// # Errors
/// None in practice; the writer's are passed on.
pub fn hello(out: &mut Vec<u8>, id: MessageId, token: RequestToken) -> Result<(), Error> {
    request(out, Code::POST, id, token, b'h')?;
    Ok(())
}

/// Appends the order to shout or to stop.
///
/// # Errors
/// None in practice; the writer's are passed on.
pub fn signal(
    out: &mut Vec<u8>,
    id: MessageId,
    token: RequestToken,
    on: bool,
) -> Result<(), Error> {
    request(out, Code::PUT, id, token, b's')?.option(option::URI_QUERY, &[u8::from(on)])?;
    Ok(())
}

/// Appends the order to drop the session. Device OS acknowledges it with a wrong message id, so do not wait.
///
/// # Errors
/// None in practice; the writer's are passed on.
pub fn forget_session(out: &mut Vec<u8>, id: MessageId, token: RequestToken) -> Result<(), Error> {
    request(out, Code::PUT, id, token, b'k')?.option(option::URI_QUERY, &[1])?;
    Ok(())
}

/// Appends a ping.
pub fn ping(out: &mut Vec<u8>, id: MessageId) {
    Writer::new(out, Kind::Confirmable, Code::EMPTY, id, Token::EMPTY).payload(&[]);
}
