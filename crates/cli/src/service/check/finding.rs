//! What one check found: a state, a name, and a line that says what is and what to do.

use std::fmt;

/// How it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// As it should be.
    Ok,
    /// It works, and could hurt.
    Warn,
    /// It does not work, or is not safe.
    Fail,
    /// It could not be looked at.
    NotTried,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::NotTried => "not tried",
        }
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How it stands.
    pub state: State,
    /// What was looked at.
    pub name: &'static str,
    /// What is, and what to do.
    pub what: String,
}

impl Finding {
    pub fn ok(name: &'static str, what: impl Into<String>) -> Self {
        Self { state: State::Ok, name, what: what.into() }
    }

    pub fn warn(name: &'static str, what: impl Into<String>) -> Self {
        Self { state: State::Warn, name, what: what.into() }
    }

    pub fn fail(name: &'static str, what: impl Into<String>) -> Self {
        Self { state: State::Fail, name, what: what.into() }
    }

    pub fn not_tried(name: &'static str, why: impl Into<String>) -> Self {
        Self { state: State::NotTried, name, what: why.into() }
    }

    pub fn as_json(&self) -> serde_json::Value {
        serde_json::json!({ "state": self.state.word(), "name": self.name, "what": self.what })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:9}  {}: {}", self.state.word(), self.name, self.what.replace('\n', " "))
    }
}
