//! Everything that can be wrong with a message, said so that whoever reads the log knows whose fault it is.
//!
//! Variants that come out of a `parse` or `decode` blame the peer; [`Error::OptionOrder`],
//! [`Error::OptionTooLong`] and [`Error::TooLong`] from a writer blame the caller.

use crate::coap::Code;
use crate::reply::Answer;

/// What is wrong with a message.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The message ends inside a field.
    #[error("the message ends inside a field: drop it")]
    Truncated,
    /// The two version bits are not 1.
    #[error("CoAP version {0} instead of 1: drop the message")]
    Version(u8),
    /// A token length of 9 to 15.
    #[error("a token of {0} bytes, more than the 8 allowed: drop the message")]
    TokenLength(u8),
    /// A code in a class that RFC 7252 keeps reserved.
    #[error("reserved code {0}: drop the message")]
    ReservedCode(Code),
    /// The kind of the message does not go with its code, for example a reset that carries a request.
    #[error("code {0} does not go with this kind of message: drop it")]
    KindAndCode(Code),
    /// An empty message (code 0.00) with something after its four bytes.
    #[error("an empty message with bytes after its header: drop it")]
    EmptyWithContent,
    /// An option header uses the reserved nibble 15.
    #[error("an option header with the reserved nibble 15: drop the message")]
    OptionNibble,
    /// The option numbers add up to more than 65535.
    #[error("an option number past 65535: drop the message")]
    OptionNumber,
    /// The payload marker stands at the end of the message.
    #[error("a payload marker without a payload: drop the message")]
    EmptyPayload,
    /// The caller gave the writer an option with a lower number than the one before.
    #[error("option {number} was given after option {last}: give options in ascending order")]
    OptionOrder {
        /// The number written before.
        last: u16,
        /// The number that came too late.
        number: u16,
    },
    /// The caller gave the writer an option value that no option header can describe.
    #[error("option {0} has a value longer than 65804 bytes: shorten it")]
    OptionTooLong(u16),
    /// A critical option (odd number) that this message may not have.
    #[error("critical option {0} is not known here: answer 4.02")]
    CriticalOption(u16),
    /// A Block1 or Block2 value longer than three bytes or with the reserved size 7.
    #[error("a block option that is no block: answer 4.02")]
    BlockOption,
    /// A block that does not continue the body received so far.
    #[error("a block that does not continue the body: answer 4.08 and start again at block 0")]
    BlockSequence,
    /// A body that would grow past [`crate::block::MAX_BODY`].
    #[error("a body larger than 64 KiB: answer 4.13")]
    BodyTooLarge,
    /// The path has segments that this request may not have, or lacks one it must have.
    #[error("the path does not fit the request: answer 4.00")]
    Path,
    /// A name that is empty, too long or not UTF-8.
    #[error("a name that is empty, longer than 64 bytes or not UTF-8: answer 4.00")]
    Name,
    /// A query that is missing or has a value this request does not know.
    #[error("the query does not fit the request: answer 4.00")]
    Query,
    /// Data longer than its limit.
    #[error("data longer than {limit} bytes: shorten it")]
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// A Hello that is too short or names no device.
    #[error("a Hello that is not 32 bytes with a 12-byte id: refuse the device")]
    Hello,
    /// A device id that is not 24 hexadecimal digits.
    #[error("a device id is 24 hexadecimal digits: correct it")]
    DeviceId,
    /// A system describe that is not the protobuf message it should be.
    #[error("a system describe that cannot be read: answer 4.00")]
    SystemDescribe,
    /// An application describe that is not the JSON object it should be, or is over its limits.
    #[error("an application describe that cannot be read or is over its limits: answer 4.00")]
    ApplicationDescribe,
    /// A metrics report that is not the table it should be.
    #[error("a metrics report that cannot be read: answer 4.00")]
    Metrics,
    /// The bytes of a variable do not have the size its type asks for.
    #[error("a value that does not have the size of its type: report a bad answer")]
    Value,
    /// A message of a firmware transfer that lacks a number or has an impossible one.
    #[error("a message of a firmware transfer that makes no sense: refuse the transfer")]
    Update,
    /// A varint that is longer than its type or unfinished.
    #[error("a number that does not end or is too large: answer 4.00")]
    Varint,
}

impl Error {
    /// What to answer a confirmable request that failed to decode with this error.
    #[must_use]
    pub fn answer(&self) -> Answer {
        match self {
            Self::CriticalOption(_) | Self::BlockOption => Answer::BadOption,
            Self::BlockSequence => Answer::Incomplete,
            Self::BodyTooLarge | Self::TooLong { .. } => Answer::TooLarge,
            _ => Answer::BadRequest,
        }
    }
}
