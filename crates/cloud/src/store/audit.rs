//! The audit log in the store: what the writing thread adds to it, and what is read of it.

use super::{Ask, Statement, Store, StoreError};
use crate::audit::heads::Carrier;
use crate::audit::{Act, Logged, SignedHead};
use std::io;
use std::path::PathBuf;

mod cut;
mod ledger;
mod offline;
mod rows;

pub(super) use ledger::Ledger;
pub use offline::{OfflineLog, Rows};

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

    /// Up to 1,024 rows of the audit log after the one with this number.
    pub fn audit_page(&self, after: u64) -> Ask<Vec<Logged>> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        self.read(Statement::new(rows::PAGE).with(after), |found| {
            found.iter().map(rows::logged).collect::<Result<_, StoreError>>()
        })
    }

    /// Begins to take each new head of the audit log to a file, until what is given back is dropped.
    ///
    /// # Errors
    /// Where there is no thread for it.
    pub fn carry_audit_heads(&self, path: PathBuf) -> io::Result<Carrier> {
        Carrier::start(self.rooms.board.clone(), path)
    }
}

#[cfg(test)]
mod tests;
