//! Who judges: what devices were told, what the bus and the outbox heard, and what was on the wire.

pub mod messages;
pub mod nonces;
pub mod sessions;

pub use messages::Messages;
pub use nonces::Nonces;
pub use sessions::Sessions;

use std::fmt;

/// What was promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// P2: nothing from outside ends a session or is acted on.
    AnomalyEndsNothing,
    /// P3: nothing is acted on twice.
    NoReplay,
    /// P4: no nonce is used twice.
    NoNonceTwice,
    /// What was acknowledged is not lost.
    Acknowledged,
    /// When the faults end, everybody comes back.
    Recovery,
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AnomalyEndsNothing => "P2, an anomaly ends no session and is not acted on",
            Self::NoReplay => "P3, nothing is acted on twice",
            Self::NoNonceTwice => "P4, no nonce is used twice",
            Self::Acknowledged => "no acknowledged event is lost",
            Self::Recovery => "everybody comes back when the faults end",
        })
    }
}

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub promise: Promise,
    /// What was seen.
    pub seen: String,
}

impl Violation {
    /// Says what was seen against a promise.
    #[must_use]
    pub fn of(promise: Promise, seen: impl Into<String>) -> Self {
        Self { promise, seen: seen.into() }
    }
}

/// All of the judging.
#[derive(Default)]
pub struct Oracle {
    /// Events, calls, and what is acknowledged.
    pub messages: Messages,
    /// Nonces on the wire.
    pub nonces: Nonces,
    /// Sessions that end.
    pub sessions: Sessions,
}
