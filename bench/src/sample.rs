//! Repeated measurements of one thing.

/// Values of one figure, one a round.
#[derive(Clone, Default)]
pub struct Samples {
    values: Vec<f64>,
}

impl Samples {
    /// Takes the value of one more round.
    pub fn push(&mut self, value: f64) {
        self.values.push(value);
    }

    /// The one in the middle; 0 without values.
    pub fn median(&self) -> f64 {
        let mut sorted = self.values.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or_default()
    }

    /// How far the values lie apart: largest less smallest, as a part of the median. Nothing is known of it
    /// with one value, or around 0.
    pub fn spread(&self) -> Option<f64> {
        let largest = self.values.iter().copied().fold(f64::MIN, f64::max);
        let smallest = self.values.iter().copied().fold(f64::MAX, f64::min);
        let known = self.values.len() > 1 && self.median() != 0.0;
        known.then(|| (largest - smallest) / self.median())
    }

    /// What `each` makes of every value.
    pub fn map(&self, each: impl Fn(f64) -> f64) -> Self {
        Self { values: self.values.iter().copied().map(each).collect() }
    }

    /// This one's values as parts of another's, round by round, so that a slow round is slow for both.
    pub fn over(&self, other: &Self) -> Self {
        Self { values: self.values.iter().zip(&other.values).map(|(a, b)| a / b).collect() }
    }
}

impl FromIterator<f64> for Samples {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        Self { values: values.into_iter().collect() }
    }
}
