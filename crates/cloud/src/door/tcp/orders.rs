//! What the TCP door wants done with its connections: for whoever has the sockets.

use super::slab::Key;
use std::ops::Range;

/// How many bytes may wait for the end of a round.
const HEAVY: usize = 64 << 10;

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Send these bytes of [`Orders::bytes`].
    Send(Key, Range<usize>),
    /// Listen to the connection from here on, or do not.
    Listen(Key, bool),
    /// Close it.
    Close(Key),
}

/// What is to be done, in order, and the bytes to send.
#[derive(Default)]
pub struct Orders {
    bytes: Vec<u8>,
    list: Vec<Order>,
}

impl Orders {
    /// Sends what `write` appends to the buffer it is given.
    pub fn send<T, E>(
        &mut self,
        key: Key,
        write: impl FnOnce(&mut Vec<u8>) -> Result<T, E>,
    ) -> Result<T, E> {
        let start = self.bytes.len();
        let written = write(&mut self.bytes);
        match written {
            Ok(_) => self.list.push(Order::Send(key, start..self.bytes.len())),
            Err(_) => self.bytes.truncate(start),
        }
        written
    }

    /// Adds something else to do.
    pub fn add(&mut self, order: Order) {
        self.list.push(order);
    }

    /// Everything to do, and the bytes it speaks of.
    pub fn take(&mut self) -> (Vec<Order>, Vec<u8>) {
        (std::mem::take(&mut self.list), std::mem::take(&mut self.bytes))
    }

    /// Gives the buffers back for the next round.
    pub fn put_back(&mut self, mut list: Vec<Order>, mut bytes: Vec<u8>) {
        list.clear();
        bytes.clear();
        if self.list.is_empty() && self.bytes.is_empty() {
            (self.list, self.bytes) = (list, bytes);
        }
    }

    /// Whether there is so much to send that it had better leave now.
    pub fn is_heavy(&self) -> bool {
        self.bytes.len() >= HEAVY
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}
