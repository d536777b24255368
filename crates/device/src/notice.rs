//! What an agent tells whoever watches it, one line each.

use crate::firmware::Firmware;
use crate::life::{LastReset, Loss, Publication, Unpublished};
use pintle_protocol::ContentFormat;
use pintle_protocol::value::Value;
use std::fmt;
use std::net::SocketAddr;

/// Something that an agent did or saw. Shows as one line.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Notice {
    /// It tries to reach the cloud at this address, from this one.
    Connecting {
        /// The cloud.
        cloud: SocketAddr,
        /// This end.
        local: SocketAddr,
    },
    /// It is connected.
    Connected {
        /// Whether in an older session, without a handshake.
        resumed: bool,
    },
    /// It is not, or no longer, connected; it goes on trying.
    Disconnected(Loss),
    /// A function was called.
    Called {
        /// The function.
        name: String,
        /// Its result, or why there is none.
        result: Result<i32, String>,
    },
    /// A variable was read.
    Read {
        /// The variable.
        name: String,
        /// Its value, or why there is none.
        result: Result<Value, String>,
    },
    /// An event came that was subscribed to.
    Event {
        /// Its name.
        name: String,
        /// Its data.
        data: Vec<u8>,
        /// What the data is.
        content_format: ContentFormat,
    },
    /// Somebody wants to see which device this is.
    Signal {
        /// Whether it began or ended.
        on: bool,
    },
    /// It starts this firmware.
    Starting {
        /// Which.
        firmware: Firmware,
        /// Whether it has to show that it is well.
        on_trial: bool,
    },
    /// The new firmware is well, and the last known good one from now on.
    Confirmed,
    /// The new firmware is not well, and never started again.
    FellBack(LastReset),
    /// The program ended; it is started again.
    Ended(String),
    /// An update begins, or goes on.
    Updating {
        /// So many bytes are there from before.
        stored: u32,
        /// The length of the file in bytes.
        of: u32,
    },
    /// An update was not taken; why.
    UpdateDeclined(String),
    /// An update is there in whole, and is tried now.
    Updated,
    /// The cloud took an event.
    Published(Publication),
    /// The cloud did not take an event, or nobody knows.
    NotPublished(Publication, Unpublished),
    /// A line of standard input or of the socket that is no event.
    BadLine(String),
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connecting { cloud, local } => write!(f, "connecting to {cloud} from {local}"),
            Self::Connected { resumed: false } => write!(f, "connected"),
            Self::Connected { resumed: true } => write!(f, "connected in the old session"),
            Self::Disconnected(loss) => write!(f, "not connected: {loss}"),
            Self::Called { name, result: Ok(result) } => {
                write!(f, "function {name} returned {result}")
            }
            Self::Called { name, result: Err(why) } => write!(f, "function {name} failed: {why}"),
            Self::Read { name, result: Ok(_) } => write!(f, "variable {name} read"),
            Self::Read { name, result: Err(why) } => write!(f, "variable {name} not read: {why}"),
            Self::Event { name, data, .. } => {
                // One line, whatever somebody else put into an event.
                write!(
                    f,
                    "event {} {}",
                    name.escape_debug(),
                    String::from_utf8_lossy(data).escape_debug()
                )
            }
            Self::Signal { on: true } => write!(f, "signal: here I am"),
            Self::Signal { on: false } => write!(f, "signal ended"),
            Self::Starting { firmware, on_trial } => {
                let on_trial = if *on_trial { " on trial" } else { "" };
                write!(
                    f,
                    "starting firmware {}{on_trial}",
                    pintle_firmware::Digest(firmware.sha256)
                )
            }
            Self::Confirmed => write!(f, "the new firmware is well"),
            Self::FellBack(LastReset::Failed(why) | LastReset::TimedOut(why)) => {
                write!(f, "the new firmware is not well, back to the last good one: {why}")
            }
            Self::FellBack(LastReset::Updated) => write!(f, "back to the last good firmware"),
            Self::Ended(why) => write!(f, "{why}; it is started again"),
            Self::Updating { stored: 0, of } => write!(f, "an update of {of} bytes begins"),
            Self::Updating { stored, of } => {
                write!(f, "an update goes on with byte {stored} of {of}")
            }
            Self::UpdateDeclined(why) => write!(f, "an update was not taken: {why}"),
            Self::Updated => write!(f, "an update is there"),
            Self::Published(Publication(number)) => write!(f, "event {number} taken by the cloud"),
            Self::NotPublished(Publication(number), why) => {
                write!(f, "event {number} not taken: {why}")
            }
            Self::BadLine(why) => write!(f, "not an event: {why}"),
        }
    }
}
