//! What a device sends: [`decode`] for the cloud, the writers for a device.
//!
//! The path says what a request is: `h` Hello, `d` describe, `E` or `e` event or subscription, `t` time, `x`
//! goodbye, `L` ledger, `A` an acknowledgement of chunks ([`crate::update`] writes it); an empty confirmable message is a ping.

use alloc::vec::Vec;

use crate::coap::{Block, Code, Kind, Message, MessageId, RequestToken, Token, Writer, option};
use crate::describe::DescribeKind;
use crate::goodbye::Goodbye;
use crate::hello::Hello;
use crate::update;
use crate::{Error, Event, Subscription, path};

/// A request from a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// Who it is. Answer with an empty acknowledgement.
    Hello(Hello),
    /// What it runs, or one block of that. Answer 2.31 to a block that is not the last.
    Describe {
        /// Which of the describes.
        kind: DescribeKind,
        /// The bytes, or one block of them.
        body: &'a [u8],
        /// Which block, if the body did not fit one message.
        block: Option<Block>,
    },
    /// Something happened.
    Event(Event<'a>),
    /// It wants to hear of something.
    Subscribe(Subscription<'a>),
    /// What time is it? Answer with [`crate::reply::time`].
    Time,
    /// A ledger request, not looked into. Answer with [`crate::reply::no_ledger`].
    Ledger(&'a [u8]),
    /// What came of a firmware transfer. Non-confirmable: nothing is answered.
    Update(update::FromDevice),
    /// It leaves.
    Goodbye(Goodbye),
    /// Are you there? Answer with an empty acknowledgement.
    Ping,
    /// Nothing this version knows. Answer 4.04 if it is a confirmable request, and drop it otherwise.
    Unknown,
}

/// The critical options a describe may carry.
const DESCRIBE_OPTIONS: &[u16] = &[option::URI_PATH, option::URI_QUERY, option::BLOCK1];
/// The critical options the other requests may carry.
const PLAIN_OPTIONS: &[u16] = &[option::URI_PATH, option::URI_QUERY];

/// Says what a message from a device means. Responses, acknowledgements and resets are
/// [`crate::exchange::Exchange`]'s business and come out as [`Request::Unknown`].
///
/// # Errors
/// A known request with wrong contents; [`Error::answer`] says what to tell the device.
pub fn decode<'a>(message: &Message<'a>) -> Result<Request<'a>, Error> {
    match message.kind {
        Kind::Confirmable if message.code == Code::EMPTY => return Ok(Request::Ping),
        Kind::Confirmable | Kind::NonConfirmable => {}
        Kind::Acknowledgement | Kind::Reset => return Ok(Request::Unknown),
    }
    let request = match (message.code, path::letter(message.uri_path().next())) {
        (Code::POST, Some(b'E' | b'e')) => Request::Event(Event::read(message)?),
        (Code::GET, Some(b'e' | b'E')) => Request::Subscribe(Subscription::read(message)?),
        (Code::POST, Some(b'd')) => describe_of(message)?,
        (Code::POST, Some(b'h')) => Request::Hello(Hello::parse(plain(message)?)?),
        (Code::GET, Some(b't')) => plain(message).map(|_| Request::Time)?,
        (Code::POST, Some(b'x')) => Request::Goodbye(Goodbye::parse(plain(message)?)?),
        // A blockwise ledger message is answered like any other, so its options do not matter.
        (Code::POST, Some(b'L')) => Request::Ledger(message.payload()),
        (Code::POST, Some(b'A')) => {
            update::FromDevice::decode(message)?.map_or(Request::Unknown, Request::Update)
        }
        _ => Request::Unknown,
    };
    Ok(request)
}

/// The payload of a request that may have no critical options of its own.
fn plain<'a>(message: &Message<'a>) -> Result<&'a [u8], Error> {
    message.require_known(PLAIN_OPTIONS)?;
    Ok(message.payload())
}

fn describe_of<'a>(message: &Message<'a>) -> Result<Request<'a>, Error> {
    message.require_known(DESCRIBE_OPTIONS)?;
    let kind = DescribeKind::from_query(message.uri_query().next())?;
    Ok(Request::Describe { kind, body: message.payload(), block: message.block1()? })
}

fn request(out: &mut Vec<u8>, code: Code, id: MessageId, token: Token) -> Writer<'_> {
    Writer::new(out, Kind::Confirmable, code, id, token)
}

/// Appends a Hello.
///
/// # Errors
/// None in practice; the writer's are passed on.
pub fn hello(out: &mut Vec<u8>, id: MessageId, hello: &Hello) -> Result<(), Error> {
    request(out, Code::POST, id, Token::EMPTY).path(b"h")?.payload(&hello.to_bytes());
    Ok(())
}

/// Appends a describe, or one block of it (see [`crate::block::piece`]). Each block has an id and a token
/// of its own.
///
/// # Errors
/// [`Error::BlockOption`] if the block does not fit the wire.
pub fn describe(
    out: &mut Vec<u8>,
    id: MessageId,
    token: RequestToken,
    kind: DescribeKind,
    body: &[u8],
    block: Option<Block>,
) -> Result<(), Error> {
    let mut writer = request(out, Code::POST, id, token.into()).path(b"d")?;
    if let Some(format) = kind.content_format() {
        writer = writer.uint(option::CONTENT_FORMAT, format.0.into())?;
    }
    writer.option(option::URI_QUERY, &[kind.number()])?.block(option::BLOCK1, block)?.payload(body);
    Ok(())
}

/// Appends an event.
///
/// # Errors
/// [`Error::Name`] or [`Error::TooLong`].
pub fn event(out: &mut Vec<u8>, id: MessageId, event: &Event<'_>) -> Result<(), Error> {
    event.write(out, id)
}

/// Appends a subscription.
///
/// # Errors
/// [`Error::Name`] for a prefix of more than 64 bytes.
pub fn subscribe(
    out: &mut Vec<u8>,
    id: MessageId,
    subscription: &Subscription<'_>,
) -> Result<(), Error> {
    subscription.write(out, id)
}

/// Appends a request for the time.
///
/// # Errors
/// None in practice; the writer's are passed on.
pub fn time(out: &mut Vec<u8>, id: MessageId, token: RequestToken) -> Result<(), Error> {
    request(out, Code::GET, id, token.into()).path(b"t")?;
    Ok(())
}

/// Appends a goodbye.
///
/// # Errors
/// None in practice; the writer's are passed on.
pub fn goodbye(out: &mut Vec<u8>, id: MessageId, goodbye: &Goodbye) -> Result<(), Error> {
    let mut payload = Vec::new();
    goodbye.write(&mut payload);
    request(out, Code::POST, id, Token::EMPTY).path(b"x")?.payload(&payload);
    Ok(())
}

/// Appends a ping.
pub fn ping(out: &mut Vec<u8>, id: MessageId) {
    request(out, Code::EMPTY, id, Token::EMPTY).payload(&[]);
}
