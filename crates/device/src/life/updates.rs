//! What a life needs of whoever keeps firmware: a place for the pieces of an update, and a judge.

use pintle_protocol::update::{Refusal, Start};
use std::fmt;

/// An update that is not taken.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Declined {
    /// The number that the cloud understands.
    pub(crate) why: Refusal,
    /// For its operator, in one sentence.
    pub(crate) message: String,
}

impl Declined {
    pub(crate) fn new(why: Refusal, message: impl fmt::Display) -> Self {
        Self { why, message: message.to_string() }
    }

    /// With the words that go with the number.
    pub(crate) fn plain(why: Refusal) -> Self {
        Self::new(why, why.meaning())
    }
}

/// Takes updates. One is under way at a time: to begin another breaks off the one before.
pub(crate) trait Updates: Send {
    /// How large a file may be, in bytes.
    fn room(&self) -> u32;

    /// Whether this file is wanted; how many of its bytes are there from before.
    fn begin(&mut self, start: &Start<'_>) -> Result<u32, Declined>;

    /// Stores the next bytes, which belong at `offset`.
    fn store(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Declined>;

    /// All bytes are stored: looks at the file, and lets the next start run it. What is declined is forgotten.
    fn finish(&mut self) -> Result<(), Declined>;

    /// Breaks it off. What is stored stays for the next try, unless it is to be forgotten.
    fn cancel(&mut self, forget: bool);
}

/// Why a device started the last time, where an update is to do with it: Device OS's own words and numbers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LastReset {
    /// To run a new image.
    Updated,
    /// The new image was not well: the last known good one runs.
    Failed(String),
    /// The new image did not show in time that it was well: the last known good one runs.
    TimedOut(String),
}

impl LastReset {
    /// The number in the metrics report.
    #[must_use]
    pub const fn number(&self) -> i32 {
        match self {
            Self::Updated => 70,
            Self::Failed(_) => 80,
            Self::TimedOut(_) => 90,
        }
    }
}

/// The data of the event that says so: the cause, and what is known of it.
impl fmt::Display for LastReset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Updated => f.write_str("update"),
            Self::Failed(why) => write!(f, "update_error, {why}"),
            Self::TimedOut(why) => write!(f, "update_timeout, {why}"),
        }
    }
}
