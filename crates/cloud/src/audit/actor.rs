//! Whoever is behind what is being done: so that the rooms that do it can write it down without knowing about tokens.

use super::act::{Act, TokenMark, Who};
use crate::account::Caller;

/// Who acts, from which token, and why.
#[derive(Clone, Debug)]
pub struct Actor {
    who: Who,
    token: Option<TokenMark>,
    why: Option<String>,
}

impl Actor {
    /// Whoever is at the machine, on the command line.
    pub const OPERATOR: Self = Self { who: Who::Operator, token: None, why: None };
    /// The node by itself.
    pub const NODE: Self = Self { who: Who::Node, token: None, why: None };

    /// Whoever presented a token.
    #[must_use]
    pub fn of(caller: &Caller) -> Self {
        Self { who: caller.who(), token: Some(caller.mark()), why: None }
    }

    /// With the reason that was given.
    #[must_use]
    pub fn because(mut self, why: Option<String>) -> Self {
        self.why = why;
        self
    }

    /// Something that was done: see [`Act::new`].
    #[must_use]
    pub fn act(&self, what: &'static str, at_ms: i64) -> Act {
        let act = Act::new(what, self.who.clone(), at_ms).because(self.why.clone());
        match self.token {
            Some(token) => act.from_token(token),
            None => act,
        }
    }
}
