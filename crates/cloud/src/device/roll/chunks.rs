//! A list that only grows and never moves what is in it, so that other threads read it without a lock.

use std::sync::OnceLock;

/// How many items are made at a time.
const CHUNK: usize = 1 << 13;

/// How many chunks there can be: 2^25 items in all.
const MOST_CHUNKS: usize = 1 << 12;

/// Items by number. An item's place in memory is its own until the list is dropped.
pub(super) struct Chunks<T> {
    chunks: Box<[OnceLock<Box<[T]>>]>,
}

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self { chunks: (0..MOST_CHUNKS).map(|_| OnceLock::new()).collect() }
    }
}

impl<T: Default> Chunks<T> {
    /// The item with this number; `None` where none was made.
    pub(super) fn get(&self, number: u32) -> Option<&T> {
        let (chunk, at) = place(number);
        self.chunks.get(chunk)?.get()?.get(at)
    }

    /// The same, made where there is none; `None` where the list is full.
    pub(super) fn make(&self, number: u32) -> Option<&T> {
        let (chunk, at) = place(number);
        let make = || (0..CHUNK).map(|_| T::default()).collect();
        self.chunks.get(chunk)?.get_or_init(make).get(at)
    }

    /// The bytes it holds on the heap.
    pub(super) fn bytes(&self) -> usize {
        let made = self.chunks.iter().filter(|chunk| chunk.get().is_some()).count();
        size_of_val(&*self.chunks) + made * CHUNK * size_of::<T>()
    }
}

fn place(number: u32) -> (usize, usize) {
    let number = number as usize;
    (number / CHUNK, number % CHUNK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn what_was_made_stays_where_it_is_while_the_list_grows() {
        let list = Chunks::<AtomicU32>::default();
        assert!(list.get(0).is_none());
        let first = list.make(0).unwrap();
        for number in 1..3 * CHUNK as u32 {
            list.make(number).unwrap().store(number, Ordering::Relaxed);
        }
        assert!(std::ptr::eq(first, list.get(0).unwrap()));
        assert_eq!(list.get(20_000).unwrap().load(Ordering::Relaxed), 20_000);
    }

    #[test]
    fn a_full_list_takes_no_more() {
        assert!(Chunks::<AtomicU32>::default().make(u32::MAX).is_none());
    }
}
