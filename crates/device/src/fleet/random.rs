//! Cheap numbers for the network's weather and for spreading things in time (SplitMix64). The same seed gives
//! the same numbers; none of them is a secret.

/// A sequence of numbers.
pub(super) struct Random(u64);

impl Random {
    /// The sequence of this seed.
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to one below `bound`; 0 for a bound of 0.
    pub(super) const fn below(&mut self, bound: u32) -> u32 {
        (((self.next() >> 32) * bound as u64) >> 32) as u32
    }

    /// Whether something that happens `percent` of the time happens now.
    pub(super) fn happens(&mut self, percent: f64) -> bool {
        percent > 0.0 && f64::from(self.below(u32::MAX)) < percent / 100.0 * f64::from(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_ten_percent_of_the_time_does() {
        let mut random = Random::new(7);
        let happened = (0..10_000).filter(|_| random.happens(10.0)).count();
        assert!((900..1100).contains(&happened), "{happened}");
        assert_eq!((0..1000).filter(|_| random.happens(0.0)).count(), 0);
        assert!((0..1000).all(|_| random.happens(100.0)));
    }

    #[test]
    fn numbers_stay_below_their_bound() {
        let mut random = Random::new(7);
        assert!((0..1000).all(|_| random.below(3) < 3));
        assert_eq!(random.below(0), 0);
    }
}
