//! The audit log in the store: what the writing thread adds to it, and what is read of it.

mod ledger;

pub(super) use ledger::Ledger;

use super::Store;
use crate::audit::{Act, SignedHead};

impl Store {
    /// Writes down what was refused, or what happened without a change of the store; never blocks, and nobody waits for it.
    ///
    /// What comes in floods is counted and written as a number. An act that belongs to a change goes with its transaction
    /// instead ([`super::Transaction::noting`]).
    pub fn note(&self, act: Act) {
        self.rooms.writer.note(act);
    }

    /// How far the audit log has come; `None` where this process has written nothing in it yet.
    #[must_use]
    pub fn audit_head(&self) -> Option<SignedHead> {
        self.rooms.board.newest()
    }
}
