//! How an agent is told to end, from another thread or a signal handler's task.

use crate::error::Error;
use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Ends an agent gracefully: it says goodbye and keeps its session. Clones end the same agent.
#[derive(Clone)]
pub struct Stop {
    asked: Arc<AtomicBool>,
    waker: Waker,
}

impl Stop {
    /// A handle that nobody has used yet.
    ///
    /// # Errors
    /// [`Error::System`] if there are no file descriptors left.
    pub fn new() -> Result<Self, Error> {
        Ok(Self { asked: Arc::new(AtomicBool::new(false)), waker: Waker::new()? })
    }

    /// Asks the agent to end. Returns at once; may be called more than once.
    pub fn stop(&self) {
        self.asked.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Whether it was asked for.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Acquire)
    }

    /// Wakes the agent for other reasons, too.
    pub(crate) const fn waker(&self) -> &Waker {
        &self.waker
    }
}

/// Wakes the thread that polls the other end.
#[derive(Clone)]
pub(crate) struct Waker {
    ends: Arc<(UnixStream, UnixStream)>,
}

impl Waker {
    fn new() -> Result<Self, Error> {
        let ends = UnixStream::pair().map_err(Error::system("make a socket pair"))?;
        ends.0.set_nonblocking(true).map_err(Error::system("set up a socket pair"))?;
        ends.1.set_nonblocking(true).map_err(Error::system("set up a socket pair"))?;
        Ok(Self { ends: Arc::new(ends) })
    }

    pub(crate) fn wake(&self) {
        // A full pipe wakes as well as one byte more would.
        let _ = (&self.ends.0).write(&[1]);
    }

    /// Forgets all wake-ups so far.
    pub(crate) fn drain(&self) {
        let mut bytes = [0; 64];
        while (&self.ends.1).read(&mut bytes).is_ok_and(|length| length == bytes.len()) {}
    }

    /// Readable after a wake-up.
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.ends.1.as_fd()
    }
}
