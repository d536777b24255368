//! An attack with a name, and what must come of it.

use crate::course::Course;
use crate::target::Target;
use serde::{Deserialize, Serialize};

/// One attack.
#[derive(Debug)]
pub struct Case {
    /// Its name for ever, as `dtls-wrong-key`.
    pub id: &'static str,
    /// What it belongs to.
    pub group: Group,
    /// What an attacker tries, in a sentence.
    pub tries: &'static str,
    /// What a sound target does.
    pub expects: &'static str,
    /// How much it takes.
    pub cost: Cost,
    /// Runs it. Never panics, and leaves nothing running.
    pub run: fn(&Target, &mut Course) -> Outcome,
}

/// What an attack is aimed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// The DTLS handshake and its states.
    Handshake,
    /// Records, connection IDs, messages of a session over UDP.
    Record,
    /// The TCP service.
    Tcp,
    /// More than anybody needs of anything.
    Flood,
    /// Who may do what through the API.
    Authorization,
    /// Tokens, logins, second factors, codes.
    Token,
    /// What is typed where something else is expected, and files.
    Input,
    /// Where the server can be made to call.
    Egress,
    /// HTTPS itself.
    Https,
}

/// How much an attack takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cost {
    /// A second or so: part of every run of the checklist.
    Quick,
    /// Up to a minute: part of a full run.
    Full,
}

/// What came of an attack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub enum Outcome {
    /// The target did as it should.
    Held {
        /// What was seen, in a sentence, the same each time on a sound target: no times, no ports.
        seen: String,
    },
    /// It did not.
    Broke {
        /// What was seen.
        seen: String,
    },
    /// It could not be tried.
    Untried {
        /// Why, and what is missing.
        why: String,
    },
}

impl Outcome {
    /// The target did as it should.
    pub fn held(seen: impl Into<String>) -> Self {
        Self::Held { seen: seen.into() }
    }

    /// It did not.
    pub fn broke(seen: impl Into<String>) -> Self {
        Self::Broke { seen: seen.into() }
    }

    /// It could not be tried.
    pub fn untried(why: impl Into<String>) -> Self {
        Self::Untried { why: why.into() }
    }
}
