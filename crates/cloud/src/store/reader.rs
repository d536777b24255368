//! Threads that read, each on a connection of its own. Readers do not wait for the writer, nor it for them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;

use super::ask::Reply;
use super::error::StoreError;
use super::execute;
use super::statement::{Failure, Outcome, Statement};

/// Questions that may wait at one reader.
const QUEUE_LIMIT: usize = 4_096;

struct Question {
    statement: Statement,
    reply: Reply,
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
                .spawn(move || read_until_closed(&connection, &questions))
                .map_err(|error| StoreError::Engine(format!("no thread for the store: {error}")))?;
            readers.queues.push(queue);
            readers.threads.push(thread);
        }
        Ok(readers)
    }

    /// Queues a question; never blocks.
    pub(super) fn submit(&self, statement: Statement, reply: Reply) {
        let turn =
            self.next.fetch_add(1, Ordering::Relaxed).checked_rem(self.queues.len()).unwrap_or(0);
        let (question, error) = match self
            .queues
            .get(turn)
            .map(|queue| queue.try_send(Question { statement, reply }))
        {
            Some(Ok(())) | None => return,
            Some(Err(TrySendError::Full(question))) => (question, StoreError::Busy),
            Some(Err(TrySendError::Disconnected(question))) => (question, StoreError::Closed),
        };
        drop(question.reply.send(Err(Failure::Store(error))));
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
        let answer = execute::run(connection, &question.statement);
        let answer = answer.map(|answer| Outcome { answers: vec![answer] }).map_err(Failure::Store);
        // The asker may be gone.
        drop(question.reply.send(answer));
    }
}
