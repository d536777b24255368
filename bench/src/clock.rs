//! Processor time of this thread: what other programs do on the machine is not counted.

use nix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// Adds up the processor time of the work given to it.
#[derive(Default)]
pub struct Stopwatch {
    spent: Duration,
}

impl Stopwatch {
    /// Does `work` on the clock.
    pub fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let before = thread_time();
        let done = work();
        self.spent += thread_time().saturating_sub(before);
        done
    }

    /// Nanoseconds of each of `count` operations.
    pub fn per(&self, count: usize) -> f64 {
        self.spent.as_secs_f64() * 1e9 / count as f64
    }
}

fn thread_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("the system counts threads' time").into()
}
