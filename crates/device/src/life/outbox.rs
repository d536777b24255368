//! Events that wait to be sent: a bounded queue in the order of publishing.

use crate::error::Error;
use pintle_protocol::coap::MessageId;
use pintle_protocol::{Event, from_device};
use std::collections::VecDeque;

/// How many events may wait.
pub(crate) const CAPACITY: usize = 256;

/// Names one publication of this process.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Publication(pub u64);

/// An event that waits.
pub(super) struct Waiting {
    pub(super) publication: Publication,
    name: String,
    data: Vec<u8>,
}

impl Waiting {
    /// Appends the event as a message.
    pub(super) fn write(
        &self,
        out: &mut Vec<u8>,
        id: MessageId,
    ) -> Result<(), pintle_protocol::Error> {
        from_device::event(out, id, &Event { data: &self.data, ..Event::text(&self.name, "") })
    }
}

/// Whether a text event of this name and data can be sent at all.
pub(crate) fn check_event(name: &str, data: &[u8]) -> Result<(), Error> {
    // A trial: what cannot be written must be refused now.
    let event = Waiting { publication: Publication(0), name: name.to_owned(), data: data.to_vec() };
    event
        .write(&mut Vec::new(), MessageId(0))
        .map_err(|reason| Error::Event { name: name.to_owned(), reason })
}

/// The queue.
#[derive(Default)]
pub(super) struct Outbox {
    waiting: VecDeque<Waiting>,
    last: u64,
}

impl Outbox {
    /// Checks an event and puts it at the end.
    pub(super) fn push(&mut self, name: &str, data: &[u8]) -> Result<Publication, Error> {
        if !self.has_room() {
            return Err(Error::OutboxFull(CAPACITY));
        }
        check_event(name, data)?;
        self.last += 1;
        let publication = Publication(self.last);
        self.waiting.push_back(Waiting { publication, name: name.to_owned(), data: data.to_vec() });
        Ok(publication)
    }

    pub(super) fn has_room(&self) -> bool {
        self.waiting.len() < CAPACITY
    }

    pub(super) fn pop(&mut self) -> Option<Waiting> {
        self.waiting.pop_front()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_out_of_bounds_are_refused_at_once() {
        let mut outbox = Outbox::default();
        for (name, data) in [("", 0), (&*"n".repeat(65), 0), ("n", 1025)] {
            assert!(matches!(outbox.push(name, &vec![b'x'; data]), Err(Error::Event { .. })));
        }
        assert!(outbox.is_empty());
    }

    #[test]
    fn the_outbox_is_bounded() {
        let mut outbox = Outbox::default();
        assert!((0..CAPACITY).all(|_| outbox.push("n", b"").is_ok()));
        assert!(matches!(outbox.push("n", b""), Err(Error::OutboxFull(CAPACITY))));
    }
}
