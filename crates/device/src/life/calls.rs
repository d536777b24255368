//! Which calls were made, for the next run (P3); an event handed to the application counts as one. Within a run
//! the exchange tells repetitions from new messages; it is not kept, so the next run is told the ids of the latest
//! calls and does not make them again.

use super::link::Link;
use crate::saved::{MAX_CALLS, Saved};
use pintle_protocol::coap::MessageId;
use pintle_protocol::exchange::{Answered, Numbering};
use pintle_protocol::reply;
use std::collections::VecDeque;
use std::time::Duration;

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

impl Link {
    /// What was heard, for the next run: the calls that were made, and up to which id all is past.
    pub(super) fn made(&mut self, now: Duration) -> (Vec<u16>, Option<MessageId>) {
        let (calls, numbering) = self.calls.for_next_run(self.exchange.numbering(now));
        match numbering {
            Numbering::Up(past) => (calls, past),
            Numbering::Any => (calls, None),
        }
    }

    /// What the run before heard: what is repeated of it is acknowledged, and not acted on.
    pub(super) fn recall(&mut self, now: Duration, saved: &Saved) {
        self.exchange.set_numbering(Numbering::Up(saved.past));
        self.calls = Calls::restored(&saved.calls);
        for id in saved.calls.iter().copied().map(MessageId) {
            let mut reply = Vec::new();
            reply::ack_empty(&mut reply, id);
            self.exchange.recall(now, &Answered { id, age: Duration::ZERO, reply });
        }
    }

    /// The calls that are made.
    pub(super) const fn calls(&mut self) -> &mut Calls {
        &mut self.calls
    }
}
