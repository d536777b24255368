//! Datagrams on their way out of a shard. Buffers are used again and again.

use super::socket::{BATCH, Route};

/// Datagrams waiting to be sent, in order.
#[derive(Default)]
pub struct Outbound {
    queue: Vec<(Route, Vec<u8>)>,
    spare: Vec<Vec<u8>>,
}

impl Outbound {
    /// Adds a datagram, which `write` appends to an empty buffer; nothing where it writes nothing.
    pub fn queue(&mut self, route: Route, write: impl FnOnce(&mut Vec<u8>)) {
        let mut buffer = self.spare.pop().unwrap_or_default();
        buffer.clear();
        write(&mut buffer);
        if buffer.is_empty() {
            self.spare.push(buffer);
        } else {
            self.queue.push((route, buffer));
        }
    }

    /// Whether there are enough for a system call of their own.
    pub fn is_batch(&self) -> bool {
        self.queue.len() >= BATCH
    }

    /// What waits.
    pub fn waiting(&self) -> &[(Route, Vec<u8>)] {
        &self.queue
    }

    /// Forgets what waits, and keeps some of the buffers.
    pub fn clear(&mut self) {
        self.spare.extend(self.queue.drain(..).map(|(_, buffer)| buffer));
        self.spare.truncate(BATCH * 2);
    }
}
