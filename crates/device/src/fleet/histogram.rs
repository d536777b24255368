//! Latencies counted in buckets that grow with the value: exact to one part in 64, in a few kilobytes, however
//! many there are.

use serde::Serialize;
use std::time::Duration;

/// Buckets for each doubling of the value, as a power of two.
const BITS: u32 = 6;
/// Values of a day and more share the last bucket.
const BUCKETS: usize = 2816;

/// Counted latencies.
pub(super) struct Histogram {
    counts: Vec<u64>,
    total: u64,
    longest: u64,
}

/// What a histogram says, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Latency {
    /// How many were measured.
    pub count: u64,
    /// Half of them took no longer.
    pub p50_us: f64,
    /// Nine of ten took no longer.
    pub p90_us: f64,
    /// 99 of 100 took no longer.
    pub p99_us: f64,
    /// 999 of 1000 took no longer.
    pub p99_9_us: f64,
    /// The longest.
    pub max_us: f64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0, longest: 0 }
    }
}

impl Histogram {
    /// Counts one.
    pub(super) fn record(&mut self, latency: Duration) {
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        if let Some(count) = self.counts.get_mut(bucket(nanos).min(BUCKETS - 1)) {
            *count += 1;
        }
        self.total += 1;
        self.longest = self.longest.max(nanos);
    }

    /// The value that `per_mille` of all do not exceed, in nanoseconds.
    fn quantile(&self, per_mille: u64) -> u64 {
        let rank = (self.total * per_mille).div_ceil(1000).max(1);
        let mut seen = 0;
        let found = self.counts.iter().position(|count| {
            seen += count;
            seen >= rank
        });
        found.map_or(0, |at| top(at).min(self.longest))
    }

    /// What it says.
    pub(super) fn summary(&self) -> Latency {
        let micros = |nanos: u64| (nanos / 100) as f64 / 10.0;
        Latency {
            count: self.total,
            p50_us: micros(self.quantile(500)),
            p90_us: micros(self.quantile(900)),
            p99_us: micros(self.quantile(990)),
            p99_9_us: micros(self.quantile(999)),
            max_us: micros(self.longest),
        }
    }
}

/// Small values have a bucket each; then every doubling has as many buckets as the first.
const fn bucket(value: u64) -> usize {
    if value < 1 << BITS {
        return value as usize;
    }
    let doubling = value.ilog2() - BITS;
    (((doubling as u64) << BITS) + (value >> doubling)) as usize
}

/// The largest value of a bucket.
const fn top(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < 1 << BITS {
        return bucket;
    }
    let doubling = (bucket >> BITS) - 1;
    let value = bucket - (doubling << BITS);
    ((value + 1) << doubling) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_its_bucket_and_close_to_its_top() {
        for value in (0..2000).chain([65_535, 1 << 20, 987_654_321, 86_400_000_000_000]) {
            let found = bucket(value);
            assert!(found < BUCKETS && top(found) >= value, "{value}");
            assert!(found == 0 || top(found - 1) < value, "{value}");
            assert!(top(found) - value <= value / 64, "{value}");
        }
    }

    #[test]
    fn the_quantiles_of_a_thousand_milliseconds_are_themselves() {
        let mut histogram = Histogram::default();
        (1..=1000).for_each(|n| histogram.record(Duration::from_micros(n)));
        let summary = histogram.summary();
        for (said, is) in [
            (summary.p50_us, 500.0),
            (summary.p90_us, 900.0),
            (summary.p99_us, 990.0),
            (summary.max_us, 1000.0),
        ] {
            assert!((said - is).abs() <= is / 64.0, "{said} for {is}");
        }
        assert_eq!(summary.count, 1000);
    }

    #[test]
    fn nothing_measured_is_all_zeros() {
        assert_eq!(Histogram::default().summary(), Latency::default());
    }
}
