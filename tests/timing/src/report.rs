//! What was found, for a person.

use crate::blocks::Kind;
use crate::sampling::Samples;
use crate::welch::{self, Comparison, THRESHOLD};
use std::fmt;

/// One kind beside the yardstick.
struct Row {
    name: &'static str,
    calls: usize,
    comparison: Comparison,
    least_seen: f64,
}

/// All kinds of one subject.
pub struct Report {
    title: &'static str,
    calls: usize,
    yardstick: (Kind, usize),
    median: f64,
    rows: Vec<Row>,
}

impl Report {
    /// Compares every kind with one of them, and all bad ones together.
    pub fn of(title: &'static str, samples: &Samples, yardstick: Kind) -> Self {
        let known = samples.of(yardstick);
        let row = |name, times: &[f64]| Row {
            name,
            calls: times.len(),
            comparison: Comparison::of(times, known),
            least_seen: welch::least_seen(times, known),
        };
        let kinds = Kind::ALL.into_iter().filter(|kind| *kind != yardstick);
        let kinds = kinds.filter(|kind| !samples.of(*kind).is_empty());
        let mut rows: Vec<Row> =
            kinds.clone().map(|kind| row(kind.name(), samples.of(kind))).collect();
        let bad = kinds.filter(|kind| !matches!(kind, Kind::Good | Kind::Same));
        let bad: Vec<f64> = bad.flat_map(|kind| samples.of(kind)).copied().collect();
        rows.push(row("all bad ones", &bad));
        let mut sorted = known.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let median = sorted.get(sorted.len() / 2).copied().unwrap_or_default();
        let yardstick = (yardstick, known.len());
        Self { title, calls: samples.count(), yardstick, median, rows }
    }

    /// Whether any kind was told apart.
    pub fn found(&self) -> bool {
        self.rows.iter().any(|row| row.comparison.differ())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { title, calls, yardstick: (yardstick, count), median, .. } = self;
        let (unit, size) = if *median > 1e7 { ("µs", 1000.0) } else { ("ns", 1.0) };
        let (yardstick, median) = (yardstick.name(), median / 1000.0);
        writeln!(f, "{title}")?;
        writeln!(
            f,
            "  {calls} in all, beside {count} of the kind {yardstick:?}: {median:.1} µs in the median"
        )?;
        writeln!(
            f,
            "  {:<26} {:>8} {:>12} {:>10} {:>8} {:>12}",
            "", "calls", "slower by", "± 95 %", "t", "seen from"
        )?;
        for Row { name, calls, comparison: Comparison { t, difference, error }, least_seen } in
            &self.rows
        {
            let [difference, error, least] =
                [*difference, 1.96 * error, *least_seen].map(|time| time / size);
            write!(
                f,
                "  {name:<26} {calls:>8} {difference:>9.1} {unit} {error:>7.1} {unit} {t:>8.2}"
            )?;
            writeln!(f, " {least:>9.1} {unit}")?;
        }
        let verdict = if self.found() { "TOLD APART" } else { "not told apart" };
        writeln!(f, "  {verdict}: largest t {:.2}, limit {THRESHOLD}", self.largest())
    }
}

impl Report {
    fn largest(&self) -> f64 {
        self.rows.iter().map(|row| row.comparison.t.abs()).fold(0.0, f64::max)
    }
}
