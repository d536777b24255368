//! The ratios that are checked in, a line each (`message = 3.157`), and the verdict on new ones.

use crate::process::Failure;
use std::collections::BTreeMap;
use std::fmt;

/// What a new ratio may lie above its baseline.
const TOLERATED: f64 = 0.05;

/// By workload: its instructions, divided by the yardstick's.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Baseline(BTreeMap<String, f64>);

/// How a new ratio lies to its baseline, as a part of it; above 0 is worse.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Verdict(f64);

impl Baseline {
    pub(super) fn set(&mut self, workload: &str, ratio: f64) {
        self.0.insert(workload.to_owned(), ratio);
    }

    /// From the lines of the file.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines.map(parse_line).collect::<Result<_, _>>().map(Self)
    }

    /// The lines of the file.
    pub(super) fn to_toml(&self) -> String {
        let line = |(workload, ratio): (&String, &f64)| format!("{workload} = {ratio:.3}\n");
        std::iter::once(HEAD.to_owned()).chain(self.0.iter().map(line)).collect()
    }

    /// Each workload's verdict; fails when either side lacks one that the other has.
    pub(super) fn judge(&self, measured: &Self) -> Result<Vec<(String, Verdict)>, Failure> {
        if !self.0.keys().eq(measured.0.keys()) {
            let (known, new) = (self.0.keys(), measured.0.keys());
            return Err(Failure::new(format!(
                "the baseline is of {known:?}, and measured were {new:?}: {}",
                super::BLESS
            )));
        }
        let pairs = self.0.iter().zip(measured.0.values());
        Ok(pairs.map(|((name, old), new)| (name.clone(), Verdict(new / old - 1.0))).collect())
    }
}

const HEAD: &str = "\
# Instructions, counted by callgrind, as multiples of one AES-128-CCM-8 open and one seal counted beside them.
# Written by `cargo xtask test instructions --bless`; more than 5 % over these fails the step.
";

fn parse_line(line: &str) -> Result<(String, f64), Failure> {
    let wrong = || Failure::new(format!("the baseline has the line {line:?}: {}", super::BLESS));
    let (workload, ratio) = line.split_once('=').ok_or_else(wrong)?;
    let ratio: f64 = ratio.trim().parse().map_err(|_| wrong())?;
    // Not above 0: neither a ratio nor a number.
    if ratio.is_finite() && ratio > 0.0 {
        Ok((workload.trim().to_owned(), ratio))
    } else {
        Err(wrong())
    }
}

impl Verdict {
    /// Whether that is too much. What is not a number is.
    pub(super) fn is_regression(self) -> bool {
        self.0.is_nan() || self.0 > TOLERATED
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = 100.0 * self.0;
        if self.is_regression() {
            let most = 100.0 * TOLERATED;
            write!(f, "{percent:.1} % over the baseline, where {most:.0} % are allowed")
        } else if self.0 < -TOLERATED {
            write!(f, "{:.1} % under the baseline; to keep that: {}", -percent, super::BLESS)
        } else {
            write!(f, "{percent:+.1} % to the baseline")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(old: f64, new: f64) -> Verdict {
        let of = |ratio| Baseline(BTreeMap::from([("message".to_owned(), ratio)]));
        let verdicts = of(old).judge(&of(new)).unwrap();
        verdicts.first().unwrap().1
    }

    #[test]
    fn more_than_five_percent_over_is_a_regression() {
        assert!(verdict(3.0, 3.16).is_regression());
        assert!(!verdict(3.0, 3.1).is_regression());
        assert!(verdict(3.0, f64::NAN).is_regression());
    }

    #[test]
    fn more_than_five_percent_under_asks_for_a_new_baseline() {
        assert!(verdict(3.0, 2.8).to_string().contains("--bless"));
        assert!(!verdict(3.0, 2.9).to_string().contains("--bless"));
        assert!(!verdict(3.0, 2.0).is_regression());
    }

    #[test]
    fn a_baseline_reads_back_as_written() {
        let mut baseline = Baseline::default();
        baseline.set("message", 3.157);
        baseline.set("handshake", 165.5);
        assert_eq!(Baseline::parse(&baseline.to_toml()).unwrap(), baseline);
    }

    #[test]
    fn a_line_that_is_no_ratio_is_refused() {
        for line in ["message", "message = much", "message = 0", "message = NaN"] {
            assert!(Baseline::parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_workload_that_only_one_side_has_is_refused() {
        let (one, none) = (Baseline::parse("message = 3.0").unwrap(), Baseline::default());
        assert!(one.judge(&none).is_err() && none.judge(&one).is_err());
    }
}
