//! A switch that weakens a device, for tests: its power fails in the middle of a write.
//!
//! `PINTLE_POWER_FAILS_AT=N` lets the N-th write to the slots reach the file by half, and then kills the process. No
//! release has it.

#[cfg(not(debug_assertions))]
compile_error!("the feature `test-switches` weakens a device: it is not for releases");

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU32, Ordering};

const SWITCH: &str = "PINTLE_POWER_FAILS_AT";

/// Writes of this process so far.
static WRITES: AtomicU32 = AtomicU32::new(0);

/// A write of these bytes is about to be made.
pub(crate) fn before_write(file: &File, at: u32, bytes: &[u8]) {
    let number = WRITES.fetch_add(1, Ordering::Relaxed) + 1;
    let fails_at = std::env::var(SWITCH).ok().and_then(|text| text.parse::<u32>().ok());
    if fails_at == Some(number) {
        let half = bytes.get(..bytes.len() / 2).unwrap_or_default();
        let _ = file.write_all_at(half, at.into());
        let _ = kill(Pid::this(), Signal::SIGKILL);
    }
}
