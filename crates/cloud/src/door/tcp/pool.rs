//! The threads that do the private-key work of handshakes, so that a storm of them delays nobody who is in.
//!
//! They are few, and stand back: everything else in the node goes before them. What
//! waits for them is bounded; beyond, a block is not opened, and its connection ends as one with a wrong block does.

use super::address::Tag;
use super::opening::{Opened, Opener};
use super::shaking::VERDICT_AFTER;
use super::slab::Key;
use crate::device::Bell;
use crate::priority::stand_back;
use pintle_protocol::tcp::server::Block;
use std::io;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Instant;

/// How many blocks may wait.
pub const MOST_WAITING: usize = 4096;

/// A block to open.
pub struct Work {
    /// Whose it is.
    pub key: Key,
    /// Where it comes from.
    pub from: Tag,
    /// The block, with the nonce it should hold.
    pub block: Block,
}

/// What became of a block.
pub struct Finished {
    /// Whose it was.
    pub key: Key,
    /// Where it came from.
    pub from: Tag,
    /// What was in it.
    pub opened: Opened,
}

/// The threads, the way to them, and the way back.
pub struct Pool {
    work: Option<SyncSender<(Work, Instant)>>,
    finished: Receiver<Finished>,
    threads: Vec<JoinHandle<()>>,
}

impl Pool {
    /// Starts so many threads; each rings `bell` when it has finished something.
    ///
    /// # Errors
    /// What the system says when it has no thread left.
    pub fn start(threads: usize, opener: &Arc<Opener>, bell: &Arc<Bell>) -> io::Result<Self> {
        let (work, waiting) = sync_channel(MOST_WAITING);
        let (done, finished) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        let mut pool = Self { work: Some(work), finished, threads: Vec::new() };
        for number in 0..threads.max(1) {
            let (waiting, done) = (Arc::clone(&waiting), done.clone());
            let (opener, bell) = (Arc::clone(opener), Arc::clone(bell));
            let name = format!("rsa-{number}");
            let thread = move || serve(&waiting, &done, &opener, &bell);
            pool.threads.push(Builder::new().name(name).spawn(thread)?);
        }
        Ok(pool)
    }

    /// Hands work to whoever is free first; false where too much waits.
    pub fn put(&self, work: Work) -> bool {
        self.work.as_ref().is_some_and(|queue| queue.try_send((work, Instant::now())).is_ok())
    }

    /// The next that is finished.
    pub fn finished(&self) -> Option<Finished> {
        self.finished.try_recv().ok()
    }
}

impl Drop for Pool {
    /// Lets the threads end; what waited is forgotten.
    fn drop(&mut self) {
        self.work = None;
        // Whoever has something to report finds nobody, and ends.
        self.finished = channel().1;
        for thread in self.threads.drain(..) {
            // One that panicked has said so itself.
            let _ = thread.join();
        }
    }
}

fn serve(
    waiting: &Mutex<Receiver<(Work, Instant)>>,
    done: &Sender<Finished>,
    opener: &Opener,
    bell: &Bell,
) {
    // Twice: who is in goes first, and then people, and then who wants to come in.
    stand_back();
    stand_back();
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((Work { key, from, block }, came)) = next else { return };
        // A machine too slow for all of them does those that somebody still waits for.
        let opened =
            if came.elapsed() < VERDICT_AFTER { opener.open(block) } else { Opened::TooLate };
        if done.send(Finished { key, from, opened }).is_err() {
            return;
        }
        bell.ring();
    }
}
