//! Times of calls, one by one, kinds in random order: whatever else the machine does meets all kinds alike.

use crate::blocks::{Kind, Made, Maker};
use crate::subject::{Keys, Subject};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Blocks made at a time, off the clock.
const BATCH: usize = 1024;

/// Nanoseconds of each call, by kind.
#[derive(Default)]
pub struct Samples {
    times: BTreeMap<Kind, Vec<f64>>,
}

impl Samples {
    /// Takes so many, after one batch that does not count.
    pub fn take(keys: &Keys, subject: Subject, calls: usize, seed: u64) -> Self {
        let mut maker = Maker::new(keys.public(), keys.device, seed);
        let mut samples = Self::default();
        let mut batch = Vec::with_capacity(BATCH);
        maker.fill(&mut batch, BATCH, Kind::Good);
        batch.iter().for_each(|made| subject.call(keys, made));
        let mut left = calls;
        while left > 0 {
            maker.fill(&mut batch, left.min(BATCH), Kind::Good);
            left -= batch.len();
            samples.batch(keys, subject, &batch);
        }
        samples
    }

    /// Takes up one.
    pub fn add(&mut self, kind: Kind, took: Duration) {
        self.times.entry(kind).or_default().push(took.as_nanos() as f64);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.times.values().map(Vec::len).sum()
    }

    /// Nanoseconds of the calls with blocks of this kind.
    pub fn of(&self, kind: Kind) -> &[f64] {
        self.times.get(&kind).map_or(&[], Vec::as_slice)
    }

    fn batch(&mut self, keys: &Keys, subject: Subject, batch: &[Made]) {
        // All kinds are called at one place, with what is called at one address.
        let mut place = batch[0].clone();
        for made in batch {
            place.clone_from(made);
            let start = Instant::now();
            subject.call(keys, &place);
            let took = start.elapsed();
            self.add(made.kind, took);
        }
    }
}
