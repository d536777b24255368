//! Which calls were made, for the next run (P3); an event handed to the application counts as one. Within a run
//! the exchange tells repetitions from new messages; it is not kept, so the next run is told the ids of the latest
//! calls and does not make them again.

use crate::saved::MAX_CALLS;
use pintle_protocol::coap::MessageId;
use pintle_protocol::exchange::Numbering;
use std::collections::VecDeque;

/// The latest calls of this run and the one before.
#[derive(Default)]
pub(super) struct Calls {
    latest: VecDeque<u16>,
    /// The latest of those that are not among them any more.
    earlier: Option<u16>,
}

impl Calls {
    /// The calls of the run before.
    pub(super) fn restored(ids: &[u16]) -> Self {
        Self { latest: ids.iter().copied().collect(), earlier: None }
    }

    /// A call is made now.
    pub(super) fn note(&mut self, id: MessageId) {
        if self.latest.len() >= MAX_CALLS {
            self.earlier = self.latest.pop_front();
        }
        self.latest.push_back(id.0);
    }

    /// The ids for the next run, and what it is to know of those before.
    pub(super) fn for_next_run(&self, mut numbering: Numbering) -> (Vec<u16>, Numbering) {
        if let Some(id) = self.earlier {
            numbering.passed(MessageId(id));
        }
        (self.latest.iter().copied().collect(), numbering)
    }
}
