//! Which calls were made, over a restart (P3); an event handed to the application counts as one. Within a run
//! the exchange tells repetitions from new messages; it is not kept, so the next run gets the ids of the
//! latest calls and does not make them again.

use crate::saved::MAX_CALLS;
use pintle_protocol::coap::MessageId;
use std::collections::VecDeque;
use std::time::Duration;

/// After this time a cloud no longer repeats a message.
const REPEATED: Duration = Duration::from_secs(64);

/// The latest calls of this run and the one before.
#[derive(Default)]
pub(super) struct Calls {
    latest: VecDeque<u16>,
    /// Those of the run before, and until when they count.
    before: Vec<u16>,
    until: Duration,
}

impl Calls {
    /// The calls of the run before.
    pub(super) fn restored(ids: &[u16], now: Duration) -> Self {
        Self { latest: ids.iter().copied().collect(), before: ids.to_vec(), until: now + REPEATED }
    }

    /// A call is made now.
    pub(super) fn note(&mut self, id: MessageId) {
        if self.latest.len() >= MAX_CALLS {
            self.latest.pop_front();
        }
        self.latest.push_back(id.0);
    }

    /// Whether the run before made the call with this id.
    pub(super) fn were_made(&self, now: Duration, id: MessageId) -> bool {
        now < self.until && self.before.contains(&id.0)
    }

    /// The ids for the next run.
    pub(super) fn to_ids(&self) -> Vec<u16> {
        self.latest.iter().copied().collect()
    }
}
