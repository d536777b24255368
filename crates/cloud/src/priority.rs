//! Which threads go first when there are fewer cores than work.
//!
//! Shards and journals keep the priority of the process: devices wait for them. Everything else (the API, the store,
//! passwords) stands back a little, so that a shard that is told of a datagram takes the core at once. Nothing is
//! starved by it: a thread that stands back still gets a quarter of a core that it shares with a busy shard.

use rustix::process::{getpriority_process, setpriority_process};
use std::io;
use tokio::runtime::{Builder, Runtime};

/// How far they stand back, in steps of niceness.
const STEPS: i32 = 5;
/// The system knows no further.
const LOWEST: i32 = 19;

/// The runtime that a node runs on: all of its threads stand back but the one that calls `block_on`, which is to
/// start the node; shards have its priority.
///
/// # Errors
/// What the system says when there can be no threads.
pub fn runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread().enable_all().on_thread_start(stand_back).build()
}

/// This thread, and those that it starts from now on, let shards go first. Where the system does not allow it,
/// nothing changes: it is about latency, not about what is promised.
pub fn stand_back() {
    let thread = None;
    let lowered = getpriority_process(thread)
        .and_then(|now| setpriority_process(thread, now.saturating_add(STEPS).min(LOWEST)));
    if let Err(error) = lowered {
        tracing::debug!(%error, "a thread keeps its priority");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_stands_back_takes_those_it_starts_with_it_and_no_others() {
        let niceness = || getpriority_process(None).expect("a thread knows its priority");
        let before = niceness();
        let (own, child) = std::thread::spawn(move || {
            stand_back();
            let child = std::thread::spawn(niceness).join().expect("it runs");
            (niceness(), child)
        })
        .join()
        .expect("it runs");
        let expected = (before + STEPS).min(LOWEST);
        assert_eq!((own, child), (expected, expected));
        assert_eq!(niceness(), before);
    }
}
