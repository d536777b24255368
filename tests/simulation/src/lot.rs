//! What a seed decides, drawn in order. Each part of a simulation draws from a lot of its own, so that a
//! change to one leaves the others as they were.

use std::time::Duration;

/// A stream of decisions.
pub struct Lot(fastrand::Rng);

impl Lot {
    /// The stream of this name under `seed`.
    #[must_use]
    pub fn of(seed: u64, name: &str) -> Self {
        let mixed = name.bytes().fold(seed ^ 0x9e37_79b9_7f4a_7c15, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(fastrand::Rng::with_seed(mixed))
    }

    /// True so often in a thousand.
    pub fn chance(&mut self, per_mille: u32) -> bool {
        self.0.u32(0..1000) < per_mille
    }

    /// A number below `limit`; 0 where there is none.
    pub fn below(&mut self, limit: usize) -> usize {
        if limit == 0 { 0 } else { self.0.usize(0..limit) }
    }

    /// Any number.
    pub fn any(&mut self) -> u64 {
        self.0.u64(..)
    }

    /// A time between two, to the microsecond.
    pub fn between(&mut self, from: Duration, to: Duration) -> Duration {
        let span = to.saturating_sub(from).as_micros() as u64;
        from + Duration::from_micros(self.0.u64(0..=span))
    }

    /// A wait of this length on average: short ones often, long ones now and then.
    pub fn about(&mut self, mean: Duration) -> Duration {
        let wait = -(1.0 - self.0.f64()).ln();
        Duration::from_micros((mean.as_micros() as f64 * wait.min(8.0)) as u64)
    }

    /// One of several.
    pub fn pick<T: Copy>(&mut self, from: &[T], otherwise: T) -> T {
        from.get(self.below(from.len())).copied().unwrap_or(otherwise)
    }
}
