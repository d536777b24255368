//! Answers, from either side: acknowledgements, and the separate responses of a device.
//!
//! A device takes any 2.05 in an acknowledgement for the clock. So [`Answer`], all that [`ack`] can say, has
//! no 2.05; only [`time`] writes one.

use alloc::vec::Vec;

use crate::coap::{Block, Code, Kind, MessageId, Token, Writer, option};
use crate::describe::DescribeKind;
use crate::value::Value;
use crate::{Error, MAX_DATA};

/// What an acknowledgement can say besides that the message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// 2.04: done.
    Changed,
    /// 2.31: send the next block.
    Continue,
    /// 4.00: the request makes no sense.
    BadRequest,
    /// 4.02: a critical option is unknown or wrong.
    BadOption,
    /// 4.03: not allowed.
    Forbidden,
    /// 4.04: no such function, variable or path.
    NotFound,
    /// 4.05: the path does not take this method.
    MethodNotAllowed,
    /// 4.08: a block is missing.
    Incomplete,
    /// 4.13: larger than allowed.
    TooLarge,
    /// 5.01: not done here.
    NotImplemented,
    /// 5.03: not now.
    Unavailable,
}

impl Answer {
    /// The code on the wire.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Changed => Code::CHANGED,
            Self::Continue => Code::CONTINUE,
            Self::BadRequest => Code::BAD_REQUEST,
            Self::BadOption => Code::BAD_OPTION,
            Self::Forbidden => Code::FORBIDDEN,
            Self::NotFound => Code::NOT_FOUND,
            Self::MethodNotAllowed => Code::METHOD_NOT_ALLOWED,
            Self::Incomplete => Code::INCOMPLETE,
            Self::TooLarge => Code::TOO_LARGE,
            Self::NotImplemented => Code::NOT_IMPLEMENTED,
            Self::Unavailable => Code::UNAVAILABLE,
        }
    }
}

/// The protobuf answer to a ledger request while there are no ledgers: result 2, not found.
const LEDGER_NOT_FOUND: &[u8] = &[0x08, 0x04];

/// Appends the empty acknowledgement of message `id`: also what answers a ping.
pub fn ack_empty(out: &mut Vec<u8>, id: MessageId) {
    Writer::new(out, Kind::Acknowledgement, Code::EMPTY, id, Token::EMPTY).payload(&[]);
}

/// Appends a reset for message `id`. A device that gets one from its cloud drops its session.
pub fn reset(out: &mut Vec<u8>, id: MessageId) {
    Writer::new(out, Kind::Reset, Code::EMPTY, id, Token::EMPTY).payload(&[]);
}

/// Appends an acknowledgement that carries the response to the request `id` with `token`.
pub fn ack(out: &mut Vec<u8>, id: MessageId, token: Token, answer: Answer, payload: &[u8]) {
    Writer::new(out, Kind::Acknowledgement, answer.code(), id, token).payload(payload);
}

/// Appends the acknowledgement 4.04.
pub fn not_found(out: &mut Vec<u8>, id: MessageId, token: Token) {
    ack(out, id, token, Answer::NotFound, &[]);
}

/// Appends the acknowledgement of a block that is not the last: 2.31.
pub fn next_block(out: &mut Vec<u8>, id: MessageId, token: Token) {
    ack(out, id, token, Answer::Continue, &[]);
}

/// Appends the answer to a time request: seconds since 1970, which wrap in the year 2106.
pub fn time(out: &mut Vec<u8>, id: MessageId, token: Token, unix_seconds: u32) {
    Writer::new(out, Kind::Acknowledgement, Code::CONTENT, id, token)
        .payload(&unix_seconds.to_be_bytes());
}

/// Appends the answer to any ledger request: there is no such ledger.
pub fn no_ledger(out: &mut Vec<u8>, id: MessageId, token: Token) {
    ack(out, id, token, Answer::Changed, LEDGER_NOT_FOUND);
}

/// Appends a device's separate response to a call: its result. `id` is the device's own.
pub fn call_result(out: &mut Vec<u8>, id: MessageId, token: Token, result: i32) {
    Writer::new(out, Kind::Confirmable, Code::CHANGED, id, token).payload(&result.to_be_bytes());
}

/// Appends a device's separate response to a read: the value. `id` is the device's own.
///
/// # Errors
/// [`Error::TooLong`] for a string of more than 1024 bytes.
pub fn value(out: &mut Vec<u8>, id: MessageId, token: Token, value: &Value) -> Result<(), Error> {
    let bytes = value.encode();
    if bytes.len() > MAX_DATA {
        return Err(Error::TooLong { limit: MAX_DATA });
    }
    Writer::new(out, Kind::Confirmable, Code::CONTENT, id, token).payload(&bytes);
    Ok(())
}

/// Appends a device's separate response that something went wrong. `id` is the device's own.
pub fn failure(out: &mut Vec<u8>, id: MessageId, token: Token, answer: Answer) {
    Writer::new(out, Kind::Confirmable, answer.code(), id, token).payload(&[]);
}

/// Appends a device's separate response with a describe, or one block of it with its tag.
///
/// # Errors
/// [`Error::BlockOption`] if the block does not fit the wire.
pub fn describe(
    out: &mut Vec<u8>,
    id: MessageId,
    token: Token,
    kind: DescribeKind,
    body: &[u8],
    block: Option<(u8, Block)>,
) -> Result<(), Error> {
    let mut writer = Writer::new(out, Kind::Confirmable, Code::CONTENT, id, token);
    if let Some((tag, _)) = block {
        writer = writer.option(option::ETAG, &[tag])?;
    }
    if let Some(format) = kind.content_format() {
        writer = writer.uint(option::CONTENT_FORMAT, format.0.into())?;
    }
    writer.block(option::BLOCK2, block.map(|(_, block)| block))?.payload(body);
    Ok(())
}
