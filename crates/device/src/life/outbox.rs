//! Events that wait to be sent: a bounded queue in the order of publishing.

use crate::error::Error;
use crate::generation::Generation;
use pintle_protocol::coap::MessageId;
use pintle_protocol::{Event, MAX_DATA, MAX_NAME, from_device};
use std::collections::VecDeque;

/// How many events may wait.
pub(crate) const CAPACITY: usize = 256;

/// Names one publication of this process.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Publication(pub u64);

/// An event that waits.
pub(crate) struct Waiting {
    pub(crate) publication: Publication,
    name: String,
    data: Vec<u8>,
}

impl Waiting {
    /// Appends the event as a message.
    pub(crate) fn write(
        &self,
        out: &mut Vec<u8>,
        id: MessageId,
    ) -> Result<(), pintle_protocol::Error> {
        from_device::event(out, id, &self.event())
    }

    /// The event, to be acknowledged.
    pub(crate) fn event(&self) -> Event<'_> {
        Event { data: &self.data, ..Event::text(&self.name, "") }
    }
}

/// How large an event may be, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventLimits {
    pub(crate) name: usize,
    pub(crate) data: usize,
}

impl Default for EventLimits {
    fn default() -> Self {
        Self { name: MAX_NAME, data: MAX_DATA }
    }
}

impl EventLimits {
    /// Those of a device of this generation over TCP, or of any over UDP.
    pub(crate) fn of(tcp: Option<Generation>) -> Self {
        tcp.map(Generation::limits).map_or_else(Self::default, |limits| Self {
            name: limits.event_name,
            data: limits.event_data,
        })
    }

    /// Whether a text event of this name and data can be sent at all.
    pub(crate) fn check(&self, name: &str, data: &[u8]) -> Result<(), Error> {
        let reason = match name.len() {
            0 => pintle_protocol::Error::Name,
            length if length > self.name => pintle_protocol::Error::Name,
            _ if data.len() > self.data => pintle_protocol::Error::TooLong { limit: self.data },
            _ => return Ok(()),
        };
        Err(Error::Event { name: name.to_owned(), reason })
    }
}

/// The queue.
#[derive(Default)]
pub(crate) struct Outbox {
    limits: EventLimits,
    waiting: VecDeque<Waiting>,
    last: u64,
}

impl Outbox {
    /// An empty one for events of this size.
    #[cfg(feature = "tcp")]
    pub(crate) fn new(limits: EventLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Checks an event and puts it at the end.
    pub(crate) fn push(&mut self, name: &str, data: &[u8]) -> Result<Publication, Error> {
        if !self.has_room() {
            return Err(Error::OutboxFull(CAPACITY));
        }
        self.limits.check(name, data)?;
        self.last += 1;
        let publication = Publication(self.last);
        self.waiting.push_back(Waiting { publication, name: name.to_owned(), data: data.to_vec() });
        Ok(publication)
    }

    pub(crate) fn has_room(&self) -> bool {
        self.waiting.len() < CAPACITY
    }

    pub(crate) fn pop(&mut self) -> Option<Waiting> {
        self.waiting.pop_front()
    }

    pub(crate) fn is_empty(&self) -> bool {
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
