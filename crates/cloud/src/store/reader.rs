//! Threads that read, each on a connection of its own. Readers do not wait for the writer, nor it for them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};

use crate::priority::stand_back;
use rusqlite::Connection;

use super::ask::Reply;
use super::error::StoreError;
use super::execute;
use super::statement::{Failure, Outcome, Row, Statement};

/// Questions that may wait at one reader.
const QUEUE_LIMIT: usize = 4_096;

/// Where the rows of a long answer go, one by one.
pub(super) trait Drain: Send {
    /// Takes one row; false where no more are wanted.
    fn row(&mut self, row: &Row) -> bool;
    /// Hears how it ended.
    fn end(&mut self, how: Result<(), StoreError>);
}

enum Question {
    /// All rows at once.
    Whole(Statement, Reply),
    /// Rows as they are read.
    Streamed(Statement, Box<dyn Drain>),
}

/// The queues to the reading threads.
pub(super) struct Readers {
    queues: Vec<SyncSender<Question>>,
    next: AtomicUsize,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    pub(super) fn start(connections: Vec<Connection>) -> Result<Self, StoreError> {
        let mut readers =
            Self { queues: Vec::new(), next: AtomicUsize::new(0), threads: Vec::new() };
        for connection in connections {
            let (queue, questions) = sync_channel(QUEUE_LIMIT);
            let thread = thread::Builder::new()
                .name("store-reader".to_owned())
                .spawn(move || {
                    stand_back();
                    read_until_closed(&connection, &questions);
                })
                .map_err(|error| StoreError::Engine(format!("no thread for the store: {error}")))?;
            readers.queues.push(queue);
            readers.threads.push(thread);
        }
        Ok(readers)
    }

    /// Queues a question; never blocks.
    pub(super) fn submit(&self, statement: Statement, reply: Reply) {
        self.queue(Question::Whole(statement, reply));
    }

    /// Queues a question whose rows are to be drained as they are read; never blocks.
    pub(super) fn stream(&self, statement: Statement, drain: Box<dyn Drain>) {
        self.queue(Question::Streamed(statement, drain));
    }

    fn queue(&self, question: Question) {
        let turn =
            self.next.fetch_add(1, Ordering::Relaxed).checked_rem(self.queues.len()).unwrap_or(0);
        match self.queues.get(turn).map(|queue| queue.try_send(question)) {
            Some(Ok(())) | None => {}
            Some(Err(TrySendError::Full(question))) => question.refuse(StoreError::Busy),
            Some(Err(TrySendError::Disconnected(question))) => question.refuse(StoreError::Closed),
        }
    }
}

impl Question {
    fn refuse(self, error: StoreError) {
        match self {
            Self::Whole(_, reply) => reply.send(Err(Failure::Store(error))),
            Self::Streamed(_, mut drain) => drain.end(Err(error)),
        }
    }

    fn answer(self, connection: &Connection) {
        match self {
            Self::Whole(statement, reply) => {
                let answer = execute::run(connection, &statement);
                let answer =
                    answer.map(|answer| Outcome { answers: vec![answer] }).map_err(Failure::Store);
                reply.send(answer);
            }
            Self::Streamed(statement, mut drain) => {
                let how = execute::each(connection, &statement, &mut |row| drain.row(row));
                drain.end(how);
            }
        }
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.queues.clear();
        for thread in self.threads.drain(..) {
            drop(thread.join());
        }
    }
}

fn read_until_closed(connection: &Connection, questions: &Receiver<Question>) {
    while let Ok(question) = questions.recv() {
        question.answer(connection);
    }
}
