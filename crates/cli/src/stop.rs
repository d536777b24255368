//! The signals that end a long-running command: SIGTERM and Ctrl-C.

use crate::failure::Failure;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Hears the signals from when it is made: a command makes it before it says that it is ready.
pub struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// From now on a signal no longer ends the process by itself.
    pub fn listen() -> Result<Self, Failure> {
        let hear = |kind| signal(kind).map_err(Failure::failed);
        Ok(Self {
            terminate: hear(SignalKind::terminate())?,
            interrupt: hear(SignalKind::interrupt())?,
        })
    }

    /// Waits until the process is told to end.
    pub async fn told(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
