//! Messages and events on their way out of a device's room, in one buffer that is used again and again.

use crate::event::Event;

/// Datagrams waiting to be sealed and sent, and events waiting to be published.
#[derive(Default)]
pub struct Outgoing {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// Events to publish, once what led to them is kept.
    pub events: Vec<Event>,
}

impl Outgoing {
    /// Adds one datagram, which `write` appends to the buffer it is given. What fails to be written
    /// whole leaves nothing behind.
    ///
    /// # Errors
    /// What `write` says.
    pub fn write<E>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<(), E> {
        let start = self.bytes.len();
        let result = write(&mut self.bytes);
        match result {
            Ok(()) => self.ends.push(self.bytes.len()),
            Err(_) => self.bytes.truncate(start),
        }
        result
    }

    /// Adds one datagram, which `write` appends to the buffer it is given.
    pub fn add(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        self.ends.push(self.bytes.len());
    }

    /// Adds one datagram that is there already.
    pub fn push(&mut self, datagram: &[u8]) {
        self.bytes.extend_from_slice(datagram);
        self.ends.push(self.bytes.len());
    }

    /// The datagram added last.
    pub fn last(&self) -> &[u8] {
        self.iter().last().unwrap_or_default()
    }

    /// The datagrams, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| self.bytes.get(start..*end).unwrap_or_default())
    }

    /// Forgets them all and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.events.clear();
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty() && self.events.is_empty()
    }

    /// How many datagrams wait.
    pub fn len(&self) -> usize {
        self.ends.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_to_be_written_leaves_nothing_behind() {
        let mut out = Outgoing::default();
        out.push(b"one");
        let failed = out.write(|bytes| {
            bytes.extend_from_slice(b"half");
            Err("too long")
        });
        assert_eq!(failed, Err("too long"));
        out.write(|bytes| {
            bytes.extend_from_slice(b"two");
            Ok::<(), ()>(())
        })
        .unwrap();
        assert_eq!(out.iter().collect::<Vec<_>>(), [b"one", b"two"]);
        assert_eq!(out.last(), b"two");
    }
}
