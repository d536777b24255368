//! A long answer, read while it comes: a few batches of rows are in memory at a time, however many there are.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::vec;

use super::error::StoreError;
use super::reader::Drain;
use super::statement::Row;

/// Rows in one batch, and batches that wait for whoever reads them.
const BATCH: usize = 1_024;
const WAITING: usize = 4;

/// Makes a typed value of a row.
pub(super) type Decode<T> = fn(&Row) -> Result<T, StoreError>;

type Batch<T> = Result<Vec<T>, StoreError>;

/// The rows of a long answer, in order. Waiting for the next blocks this thread. An error is the last item;
/// without one, all rows were given.
#[must_use = "nothing is read until it is iterated over"]
pub struct Stream<T> {
    batches: Option<Receiver<Batch<T>>>,
    batch: vec::IntoIter<T>,
}

impl<T: Send + 'static> Stream<T> {
    /// A stream, and where its rows are to be drained into.
    pub(super) fn new(decode: Decode<T>) -> (Self, Box<dyn Drain>) {
        let (sender, batches) = sync_channel(WAITING);
        let feed = Feed { sender, batch: Vec::with_capacity(BATCH), decode, failed: None };
        (Self { batches: Some(batches), batch: Vec::new().into_iter() }, Box::new(feed))
    }
}

impl<T> Iterator for Stream<T> {
    type Item = Result<T, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.batch.next() {
                return Some(Ok(row));
            }
            // A reader that is gone before it said that this was all has not given all.
            let batch = self.batches.as_ref()?.recv().unwrap_or(Err(StoreError::Closed));
            match batch {
                Ok(batch) if batch.is_empty() => self.batches = None,
                Ok(batch) => self.batch = batch.into_iter(),
                Err(error) => {
                    self.batches = None;
                    return Some(Err(error));
                }
            }
        }
    }
}

/// Sends batches to a [`Stream`]; an empty one says that this was all.
struct Feed<T> {
    sender: SyncSender<Batch<T>>,
    batch: Vec<T>,
    decode: Decode<T>,
    failed: Option<StoreError>,
}

impl<T> Feed<T> {
    fn send(&mut self) -> bool {
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        self.sender.send(Ok(batch)).is_ok()
    }
}

impl<T: Send> Drain for Feed<T> {
    fn row(&mut self, row: &Row) -> bool {
        match (self.decode)(row) {
            Ok(value) => self.batch.push(value),
            Err(error) => {
                self.failed = Some(error);
                return false;
            }
        }
        self.batch.len() < BATCH || self.send()
    }

    fn end(&mut self, how: Result<(), StoreError>) {
        if !self.batch.is_empty() && !self.send() {
            return;
        }
        let last = match self.failed.take() {
            Some(error) => Err(error),
            None => how.map(|()| Vec::new()),
        };
        // Whoever reads may want no more.
        drop(self.sender.send(last));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::statement::Datum;
    use std::thread;

    fn stream_of(rows: i64, how: Result<(), StoreError>) -> Stream<i64> {
        let (stream, mut drain) = Stream::new(|row: &Row| row.int(0));
        thread::spawn(move || {
            let all = (0..rows).all(|n| drain.row(&Row(vec![Datum::Int(n)])));
            if all {
                drain.end(how);
            }
        });
        stream
    }

    #[test]
    fn every_row_comes_once_and_in_order() {
        for rows in [0, 1, 1_024, 10_000] {
            let all: Result<Vec<_>, _> = stream_of(rows, Ok(())).collect();
            assert_eq!(all.unwrap(), (0..rows).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_stream_that_breaks_off_says_so() {
        let mut stream = stream_of(1_500, Err(StoreError::Closed));
        assert_eq!(stream.by_ref().take_while(Result::is_ok).count(), 1_500);
        assert!(stream.next().is_none());
        let (mut stream, drain) = Stream::new(|row: &Row| row.int(0));
        drop(drain);
        assert!(matches!(stream.next(), Some(Err(StoreError::Closed))));
    }

    #[test]
    fn whoever_reads_may_stop_early() {
        let first: Vec<_> = stream_of(100_000, Ok(())).take(3).map(Result::unwrap).collect();
        assert_eq!(first, [0, 1, 2]);
    }
}
