//! The signals that end a long-running command: SIGTERM and Ctrl-C.

use crate::failure::Failure;
use tokio::signal::unix::{SignalKind, signal};

/// Waits until the process is told to end.
pub async fn told_to_stop() -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::failed)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
