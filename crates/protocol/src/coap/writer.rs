//! Writes one message straight into the caller's buffer (RFC 7252 section 3).

use alloc::vec::Vec;

use super::option::{MARKER, URI_PATH};
use super::{Block, Code, Kind, MessageId, Token};
use crate::Error;

/// The largest length or delta that an option header can say.
const MAX_EXTENDED: usize = 65_535 + 269;

/// A message being appended to a buffer.
///
/// What was written so far is a whole message at every moment. When an option is refused, the buffer is cut
/// back to what it held before the message.
#[derive(Debug)]
pub struct Writer<'b> {
    out: &'b mut Vec<u8>,
    start: usize,
    last: u16,
}

impl<'b> Writer<'b> {
    /// Starts a message by writing its header and token.
    pub fn new(out: &'b mut Vec<u8>, kind: Kind, code: Code, id: MessageId, token: Token) -> Self {
        let start = out.len();
        let length = token.as_bytes().len() as u8;
        let [high, low] = id.0.to_be_bytes();
        out.extend_from_slice(&[0x40 | kind.bits() << 4 | length, code.0, high, low]);
        out.extend_from_slice(token.as_bytes());
        Self { out, start, last: 0 }
    }

    /// Appends an option. Numbers may repeat but never fall.
    ///
    /// # Errors
    /// [`Error::OptionOrder`] or [`Error::OptionTooLong`]; the buffer then holds nothing of this message.
    pub fn option(mut self, number: u16, value: &[u8]) -> Result<Self, Error> {
        let last = self.last;
        let Some(delta) = number.checked_sub(last) else {
            return Err(self.abandon(Error::OptionOrder { last, number }));
        };
        if value.len() > MAX_EXTENDED {
            return Err(self.abandon(Error::OptionTooLong(number)));
        }
        let (delta, delta_more) = nibble(delta.into());
        let (length, length_more) = nibble(value.len());
        self.out.push(delta << 4 | length);
        delta_more.append(self.out);
        length_more.append(self.out);
        self.out.extend_from_slice(value);
        self.last = number;
        Ok(self)
    }

    /// Appends an option whose value is an unsigned integer, in as few bytes as it needs.
    ///
    /// # Errors
    /// As [`Writer::option`].
    pub fn uint(self, number: u16, value: u32) -> Result<Self, Error> {
        let bytes = value.to_be_bytes();
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        self.option(number, bytes.get(zeros..).unwrap_or(&[]))
    }

    /// Appends a Block1 or Block2 option, if there is one.
    ///
    /// # Errors
    /// [`Error::BlockOption`] if the block does not fit the wire; else as [`Writer::option`].
    pub fn block(self, number: u16, block: Option<Block>) -> Result<Self, Error> {
        match block.map(Block::to_uint) {
            None => Ok(self),
            Some(Ok(value)) => self.uint(number, value),
            Some(Err(error)) => Err(self.abandon(error)),
        }
    }

    /// Appends one path segment.
    ///
    /// # Errors
    /// As [`Writer::option`].
    pub fn path(self, segment: &[u8]) -> Result<Self, Error> {
        self.option(URI_PATH, segment)
    }

    /// Ends the message with its payload; an empty one is left out, marker and all.
    pub fn payload(self, payload: &[u8]) {
        if !payload.is_empty() {
            self.out.push(MARKER);
            self.out.extend_from_slice(payload);
        }
    }

    fn abandon(self, error: Error) -> Error {
        self.out.truncate(self.start);
        error
    }
}

/// What follows the option header to finish a nibble.
enum More {
    Nothing,
    Byte(u8),
    Pair(u16),
}

impl More {
    fn append(self, out: &mut Vec<u8>) {
        match self {
            Self::Nothing => {}
            Self::Byte(byte) => out.push(byte),
            Self::Pair(pair) => out.extend_from_slice(&pair.to_be_bytes()),
        }
    }
}

/// The nibble for a delta or length of at most [`MAX_EXTENDED`], and what extends it.
fn nibble(value: usize) -> (u8, More) {
    match value {
        0..=12 => (value as u8, More::Nothing),
        13..=268 => (13, More::Byte((value - 13) as u8)),
        _ => (14, More::Pair((value - 269) as u16)),
    }
}
