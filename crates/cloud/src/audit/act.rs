//! One act or refusal, as it is written down: who, what, on what, from which token, why, and how it ended.

use std::fmt::Display;

use pintle_protocol::DeviceId;

use crate::account::AccountId;

/// The first bytes of a token's keyed hash: enough to tell a person's tokens apart, and good for nothing else.
pub type TokenMark = [u8; 8];

/// Whose act it was.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    /// A person, or a service, by number.
    Account(AccountId),
    /// An OAuth client acting for itself, by its id.
    Client(String),
    /// A device.
    Device(DeviceId),
    /// Whoever is at the machine, on the command line.
    Operator,
    /// The node by itself.
    Node,
    /// Nobody who proved anything.
    Stranger,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused, for this reason.
    Refused(&'static str),
}

/// One act. What it names are numbers and ids, never names or addresses of people (promise P6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    pub(crate) what: &'static str,
    pub(crate) who: Who,
    pub(crate) on: String,
    pub(crate) token: Option<TokenMark>,
    pub(crate) why: Option<String>,
    pub(crate) outcome: Outcome,
    pub(crate) at_ms: i64,
    pub(crate) times: u32,
}

impl Act {
    /// Something done: `what` is a noun and a verb, such as `pin.replaced`; `at_ms` is in milliseconds since 1970.
    #[must_use]
    pub fn new(what: &'static str, who: Who, at_ms: i64) -> Self {
        let (on, outcome) = (String::new(), Outcome::Done);
        Self { what, who, on, token: None, why: None, outcome, at_ms, times: 1 }
    }

    /// On what: its kind and its id, such as `device` and 24 hex digits.
    #[must_use]
    pub fn on(mut self, kind: &str, id: impl Display) -> Self {
        self.on = format!("{kind} {id}");
        self
    }

    /// From which token.
    #[must_use]
    pub fn from_token(mut self, token: TokenMark) -> Self {
        self.token = Some(token);
        self
    }

    /// The reason that the person gave. It is kept sealed, beside the chain, and can be erased without breaking it; what is
    /// longer than [`REASON_LIMIT`](super::entry::REASON_LIMIT) bytes is cut.
    #[must_use]
    pub fn because(mut self, why: Option<String>) -> Self {
        self.why = why;
        self
    }

    /// It was refused, for this reason.
    #[must_use]
    pub fn refused(mut self, reason: &'static str) -> Self {
        self.outcome = Outcome::Refused(reason);
        self
    }

    /// It happened so many times.
    pub(crate) fn repeated(mut self, times: u32) -> Self {
        self.times = times;
        self
    }
}
