//! Welch's t-test of two lots of times, on all of them and without the slowest, which something else held up.

/// From here on two lots are taken to differ: chance goes further once in 150,000 tests.
pub(crate) const THRESHOLD: f64 = 4.5;
/// Of fewer times nothing is said.
const LEAST: usize = 60;
/// Which shares of all times are looked at.
const SHARES: [f64; 5] = [1.0, 0.95, 0.9, 0.75, 0.5];

/// The largest t of all; `None` where there are too few times.
pub(crate) fn largest(one: &[f64], other: &[f64]) -> Option<f64> {
    if one.len().min(other.len()) < LEAST {
        return None;
    }
    let mut all = [one, other].concat();
    all.sort_unstable_by(f64::total_cmp);
    let last = all.len().saturating_sub(1) as f64;
    let cuts = SHARES.iter().filter_map(|share| all.get((last * share) as usize));
    let kept = |lot: &[f64], cut: f64| lot.iter().copied().filter(|time| *time <= cut).collect();
    cuts.filter_map(|cut| {
        let (one, other): (Vec<f64>, Vec<f64>) = (kept(one, *cut), kept(other, *cut));
        t(&one, &other)
    })
    .max_by(|one, other| one.abs().total_cmp(&other.abs()))
}

fn t(one: &[f64], other: &[f64]) -> Option<f64> {
    // What is cut down to a few is told apart by nobody.
    if one.len().min(other.len()) < LEAST / 4 {
        return None;
    }
    let ((mean, spread), (other_mean, other_spread)) = (moments(one), moments(other));
    let error = (spread / one.len() as f64 + other_spread / other.len() as f64).sqrt();
    Some(if error > 0.0 { (mean - other_mean) / error } else { 0.0 })
}

/// Mean and variance.
fn moments(times: &[f64]) -> (f64, f64) {
    let count = times.len() as f64;
    let mean = times.iter().sum::<f64>() / count;
    let squares = times.iter().map(|time| (time - mean).powi(2)).sum::<f64>();
    (mean, squares / (count - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// About 5 s, with noise and a tail.
    fn times(seed: u64, shift: f64) -> Vec<f64> {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut time = || {
            let noise: f64 = (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
            let tail = if random.u8(..20) == 0 { random.f64() * 1e8 } else { 0.0 };
            5e9 + shift + 1e5 * noise + tail
        };
        (0..120).map(|_| time()).collect()
    }

    #[test]
    fn lots_of_one_kind_are_not_told_apart() {
        for seed in 0..40 {
            let t = largest(&times(seed, 0.0), &times(seed + 1000, 0.0)).unwrap();
            assert!(t.abs() < THRESHOLD, "seed {seed}: {t}");
        }
    }

    #[test]
    fn a_shift_of_a_tenth_of_a_millisecond_is_found() {
        assert!(largest(&times(1, 1e5), &times(2, 0.0)).unwrap().abs() > THRESHOLD);
    }

    #[test]
    fn nothing_is_said_of_few_times() {
        assert_eq!(largest(&[1.0, 2.0], &[3.0, 4.0]), None);
    }
}
