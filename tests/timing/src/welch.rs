//! Welch's t-test of two lots of times, as dudect uses it.
//!
//! The times have a long tail of whatever interrupted them. So the test is made many times: on all of them, without the
//! slowest, without more of the slowest and so on, where to cut being told by both lots together; and once on the
//! squares of the distances from the mean, where kinds with one mean may differ in how they spread. The largest `t`
//! of all counts.

/// From here on two lots are taken to differ. Chance goes further once in 150,000 tests; with the two hundred of a
/// run, in about one of a thousand runs.
pub const THRESHOLD: f64 = 4.5;
/// How many cuts, besides none.
const CUTS: u32 = 20;
/// Of fewer times nothing is said: by chance those lie close together, and far from others, more often than the
/// threshold allows for.
const LEAST: f64 = 100.0;
/// How much is kept where a difference is told in nanoseconds.
const KEPT: f64 = 0.5;
/// Steps of the search for the least shift: to one part in a thousand.
const STEPS: u32 = 12;

/// What two lots have to do with each other.
#[derive(Clone, Copy, Debug)]
pub struct Comparison {
    /// The largest `t`, with the sign of the difference.
    pub t: f64,
    /// Mean of the first less mean of the second, of the faster half of both together.
    pub difference: f64,
    /// The standard error of that.
    pub error: f64,
}

impl Comparison {
    /// Compares two lots.
    pub fn of(one: &[f64], other: &[f64]) -> Self {
        let (one, other) = (sorted(one), sorted(other));
        let kept = percentile(&together(&one, &other), KEPT);
        let moments = Moments::of(below(&one, kept)).less(&Moments::of(below(&other, kept)));
        Self { t: largest(&one, &other), difference: moments.0, error: moments.1 }
    }

    /// Whether the lots differ by more than chance allows.
    pub fn differ(&self) -> bool {
        self.t.abs() > THRESHOLD
    }
}

/// The least number of nanoseconds by which the first lot would have to be slower, and also faster, for the lots to be
/// told apart: tried out on the times themselves. What is smaller may have gone unseen.
pub fn least_seen(one: &[f64], other: &[f64]) -> f64 {
    let other = sorted(other);
    let one = sorted(one);
    let seen = |shift: f64| {
        let shifted: Vec<f64> = one.iter().map(|time| time + shift).collect();
        largest(&shifted, &other).abs() > THRESHOLD
    };
    [1.0, -1.0].into_iter().map(|sign| least(|size| seen(sign * size))).fold(0.0, f64::max)
}

/// The least size for which this holds: doubled until it does, then halved towards it.
fn least(seen: impl Fn(f64) -> bool) -> f64 {
    let Some(mut high) = (0..30).map(|power| f64::from(1 << power)).find(|size| seen(*size)) else {
        return f64::INFINITY;
    };
    let mut low = high / 2.0;
    for _ in 0..STEPS {
        let middle = f64::midpoint(low, high);
        if seen(middle) { high = middle } else { low = middle }
    }
    high
}

fn largest(one: &[f64], other: &[f64]) -> f64 {
    let all = together(one, other);
    let cuts = (1..=CUTS).map(|cut| 1.0 - 0.5_f64.powf(10.0 * f64::from(cut) / f64::from(CUTS)));
    let cropped = cuts.map(|share| {
        let cut = percentile(&all, share);
        t(below(one, cut), below(other, cut))
    });
    let whole = [t(one, other), t(&spread(one), &spread(other))];
    cropped.chain(whole).fold(0.0, |most, t| if t.abs() > most.abs() { t } else { most })
}

fn t(one: &[f64], other: &[f64]) -> f64 {
    let (one, other) = (Moments::of(one), Moments::of(other));
    let (difference, error) = one.less(&other);
    let enough = one.count.min(other.count) >= LEAST && error > 0.0;
    if enough { difference / error } else { 0.0 }
}

/// Squares of the distances from the mean.
fn spread(times: &[f64]) -> Vec<f64> {
    let Moments { mean, .. } = Moments::of(times);
    times.iter().map(|time| (time - mean).powi(2)).collect()
}

/// Two sorted lots as one, sorted: the stable sort sees that there are two.
fn together(one: &[f64], other: &[f64]) -> Vec<f64> {
    let mut all = [one, other].concat();
    all.sort_by(f64::total_cmp);
    all
}

/// The time that this share of a sorted lot does not pass.
fn percentile(all: &[f64], share: f64) -> f64 {
    let last = all.len().saturating_sub(1) as f64;
    all.get((last * share) as usize).copied().unwrap_or(f64::INFINITY)
}

fn below(sorted: &[f64], cut: f64) -> &[f64] {
    &sorted[..sorted.partition_point(|time| *time <= cut)]
}

fn sorted(times: &[f64]) -> Vec<f64> {
    let mut times = times.to_vec();
    times.sort_unstable_by(f64::total_cmp);
    times
}

/// Mean, variance and count of a lot.
struct Moments {
    mean: f64,
    variance: f64,
    count: f64,
}

impl Moments {
    fn of(times: &[f64]) -> Self {
        let count = times.len() as f64;
        let mean = times.iter().sum::<f64>() / count;
        let squares = times.iter().map(|time| (time - mean).powi(2)).sum::<f64>();
        Self { mean, variance: squares / (count - 1.0), count }
    }

    /// The difference of the means and its standard error.
    fn less(&self, other: &Self) -> (f64, f64) {
        let error = (self.variance / self.count + other.variance / other.count).sqrt();
        (self.mean - other.mean, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fastrand::Rng;

    /// About 300 µs, nearly normal, with a tail.
    fn times(random: &mut Rng, count: usize, shift: f64) -> Vec<f64> {
        let mut time = || {
            let noise: f64 = (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
            let tail = if random.u8(..50) == 0 { random.f64() * 100_000.0 } else { 0.0 };
            300_000.0 + shift + 3_000.0 * noise + tail
        };
        (0..count).map(|_| time()).collect()
    }

    #[test]
    fn welchs_t_is_what_the_textbook_computes() {
        let (one, other) = ([3.0, 4.0, 5.0, 6.0], [1.0, 2.0, 3.0, 4.0, 5.0]);
        let (difference, error) = Moments::of(&one).less(&Moments::of(&other));
        assert!((difference - 1.5).abs() < 1e-12);
        // Variances 5/3 of 4 and 5/2 of 5.
        assert!((error - (5.0_f64 / 12.0 + 0.5).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn lots_of_one_kind_are_not_told_apart() {
        let mut random = Rng::with_seed(1);
        for _ in 0..20 {
            let (one, other) = (times(&mut random, 4000, 0.0), times(&mut random, 8000, 0.0));
            assert!(!Comparison::of(&one, &other).differ());
        }
    }

    #[test]
    fn a_shift_is_found_from_the_size_on_that_is_named() {
        let mut random = Rng::with_seed(2);
        let (one, other) = (times(&mut random, 10_000, 0.0), times(&mut random, 10_000, 0.0));
        let least = least_seen(&one, &other);
        assert!((50.0..500.0).contains(&least), "{least}");
        let shifted: Vec<f64> = one.iter().map(|time| time + 1.01 * least).collect();
        assert!(Comparison::of(&shifted, &other).differ());
        let found = Comparison::of(&times(&mut random, 10_000, 400.0), &other);
        assert!(found.differ() && found.t > 0.0);
        assert!(found.difference > 2.0 * found.error, "{found:?}");
    }

    #[test]
    fn lots_of_one_mean_that_spread_differently_are_told_apart() {
        let mut random = Rng::with_seed(3);
        let other = times(&mut random, 10_000, 0.0);
        let mean = Moments::of(&other).mean;
        let wider: Vec<f64> = other.iter().map(|time| mean + 1.5 * (time - mean)).collect();
        assert!(Comparison::of(&wider, &other).differ());
    }

    #[test]
    fn nothing_is_said_of_few_times() {
        assert!(!Comparison::of(&[], &[]).differ());
        assert!(!Comparison::of(&[1.0, 1.1, 1.2], &[2.0, 2.1, 2.2]).differ());
    }
}
