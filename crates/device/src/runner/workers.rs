//! Calls and reads off the protocol's thread: one thread each, at most four at a time, so that a slow program
//! holds up nothing but its own answer.

use crate::board::{Board, BoardError};
use crate::life::Ticket;
use crate::stop::Waker;
use pintle_protocol::value::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// How many may run at a time; more are refused.
const MAX_RUNNING: usize = 4;

/// What a worker did.
pub(super) enum Done {
    Call { ticket: Ticket, name: String, result: Result<i32, BoardError> },
    Read { ticket: Ticket, name: String, result: Result<Value, BoardError> },
}

/// The workers of one agent.
pub(super) struct Workers {
    board: Arc<dyn Board>,
    waker: Waker,
    running: usize,
    sender: Sender<Done>,
    results: Receiver<Done>,
}

impl Workers {
    pub(super) fn new(board: Arc<dyn Board>, waker: Waker) -> Self {
        let (sender, results) = channel();
        Self { board, waker, running: 0, sender, results }
    }

    /// Starts a call; `false` if too many run.
    pub(super) fn call(&mut self, ticket: Ticket, name: String, argument: Vec<u8>) -> bool {
        self.start(move |board| {
            let result = guarded(&name, || board.call(&name, &argument));
            Done::Call { ticket, name, result }
        })
    }

    /// Starts a read; `false` if too many run.
    pub(super) fn read(&mut self, ticket: Ticket, name: String) -> bool {
        self.start(move |board| {
            let result = guarded(&name, || board.read(&name));
            Done::Read { ticket, name, result }
        })
    }

    fn start(&mut self, work: impl FnOnce(&dyn Board) -> Done + Send + 'static) -> bool {
        if self.running >= MAX_RUNNING {
            return false;
        }
        let (board, sender, waker) =
            (Arc::clone(&self.board), self.sender.clone(), self.waker.clone());
        let started = thread::Builder::new().name("device-call".to_owned()).spawn(move || {
            // Nobody listens any more once the agent has ended.
            let _ = sender.send(work(board.as_ref()));
            waker.wake();
        });
        self.running += usize::from(started.is_ok());
        started.is_ok()
    }

    /// What a worker did, if one is done.
    pub(super) fn next_result(&mut self) -> Option<Done> {
        let done = self.results.try_recv().ok()?;
        self.running = self.running.saturating_sub(1);
        Some(done)
    }
}

/// A board that panics fails like any other.
fn guarded<T>(name: &str, work: impl FnOnce() -> Result<T, BoardError>) -> Result<T, BoardError> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(BoardError::Failed(name.to_owned())))
}
