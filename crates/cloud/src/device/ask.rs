//! What can be asked of a device, and what may come back.

use pintle_protocol::coap::Code;
use pintle_protocol::value::{Value, VariableType};
use thiserror::Error;

/// A request from outside to one device.
#[derive(Clone, Debug)]
pub enum Question {
    /// Call a function with an argument.
    Call {
        /// The function's name, as the device described it.
        function: String,
        /// The argument; at most [`MAX_ARGUMENT`] bytes.
        argument: Vec<u8>,
    },
    /// Read a variable.
    Read {
        /// The variable's name, as the device described it.
        variable: String,
        /// The type it was described with.
        kind: VariableType,
    },
    /// See whether the device answers.
    Ping,
    /// Let the device show itself, or stop.
    Signal(bool),
}

/// The longest function argument a device takes, in bytes.
pub const MAX_ARGUMENT: usize = pintle_protocol::MAX_DATA;

/// What a device answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The function's return value.
    Returned(i32),
    /// The variable's value.
    Value(Value),
    /// It is there, or did what was asked.
    Done,
}

/// Why there is no answer.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum AskError {
    /// The device has no live session.
    #[error("the device is not connected")]
    Offline,
    /// The device did not answer in time.
    #[error("the device did not answer in time")]
    TimedOut,
    /// The device answered with an error of its own.
    #[error("the device refused the request with {0}")]
    Refused(Code),
    /// The device's answer could not be read.
    #[error("the device's answer is not of the described type")]
    Unreadable,
    /// The request is longer than the device takes.
    #[error("the argument is longer than the {limit} bytes a device takes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// Too many requests to this device are waiting already.
    #[error(
        "too many requests to the device are waiting already; try again when some are answered"
    )]
    Busy,
}
