//! What is to happen, in order of time, and of the same time in the order it was said.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::time::Duration;

struct Entry<T> {
    at: Duration,
    ordinal: u64,
    job: T,
}

impl<T> Entry<T> {
    const fn key(&self) -> (Duration, u64) {
        (self.at, self.ordinal)
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

/// Jobs for later.
pub struct Queue<T> {
    jobs: BinaryHeap<Reverse<Entry<T>>>,
    said: u64,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { jobs: BinaryHeap::new(), said: 0 }
    }
}

impl<T> Queue<T> {
    /// Adds a job for `at`.
    pub fn push(&mut self, at: Duration, job: T) {
        self.said += 1;
        self.jobs.push(Reverse(Entry { at, ordinal: self.said, job }));
    }

    /// When the next job is due.
    #[must_use]
    pub fn next(&self) -> Option<Duration> {
        self.jobs.peek().map(|Reverse(entry)| entry.at)
    }

    /// Takes the next job if it is due.
    pub fn due(&mut self, now: Duration) -> Option<T> {
        if self.next()? > now {
            return None;
        }
        self.jobs.pop().map(|Reverse(entry)| entry.job)
    }
}
