//! Who does what through the API, as the audit log is told it.

use std::fmt::Display;

use super::{ApiState, Fleet};
use crate::account::Caller;
use crate::audit::{Act, Actor};
use crate::product::Shelf;
use crate::store::Store;

impl<F: Fleet> ApiState<F> {
    /// Something the caller does now.
    pub(super) fn act(&self, caller: &Caller, what: &'static str) -> Act {
        Actor::of(caller).act(what, self.clock.now().wall_ms)
    }

    /// The store, for one write of the caller's that is written down: what, and on what.
    pub(super) fn telling(
        &self,
        caller: &Caller,
        what: &'static str,
        kind: &str,
        id: impl Display,
    ) -> Store {
        self.store.telling(self.act(caller, what).on(kind, id))
    }

    /// The shelf, as the caller uses it.
    pub(super) fn shelf_of(&self, caller: &Caller) -> Shelf {
        self.shelf.by(Actor::of(caller))
    }
}
