//! Many seeds, on as many threads as are asked for.

use crate::run::{Options, Outcome, Tally, run};
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// How the seeds went.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How many seeds ran.
    pub seeds: u64,
    /// Their virtual time together.
    pub lasted: Duration,
    /// How much happened in all of them.
    pub tally: Tally,
    /// The failures, the lowest seed first.
    pub failures: Vec<Outcome>,
}

impl Report {
    fn add(&mut self, outcome: Outcome) {
        self.seeds += 1;
        self.lasted += outcome.lasted;
        self.tally.add(&outcome.tally);
        if outcome.failure.is_some() {
            self.failures.push(outcome);
        }
    }

    /// How many of a hundred devices that were well when the cloud was killed went on without a handshake.
    #[must_use]
    pub fn kept_on(&self) -> f64 {
        let Tally { held, shaken, .. } = self.tally;
        if held == 0 { 100.0 } else { 100.0 * (held - shaken) as f64 / held as f64 }
    }
}

/// Runs seeds until there are no more, or one fails; `progress` hears how many are done.
#[must_use]
pub fn hunt(
    seeds: Range<u64>,
    threads: usize,
    options: Options,
    progress: &(dyn Fn(u64) + Sync),
) -> Report {
    let (next, done) = (AtomicU64::new(seeds.start), AtomicU64::new(0));
    let found = AtomicBool::new(false);
    let report = Mutex::new(Report::default());
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                while !found.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        break;
                    }
                    let outcome = run(seed, options);
                    found.fetch_or(outcome.failure.is_some(), Ordering::Relaxed);
                    if let Ok(mut report) = report.lock() {
                        report.add(outcome);
                    }
                    progress(done.fetch_add(1, Ordering::Relaxed) + 1);
                }
            });
        }
    });
    let mut report = report.into_inner().unwrap_or_default();
    report.failures.sort_by_key(|outcome| outcome.seed);
    report
}
