//! The instructions that a message and a handshake take, held against a baseline that is checked in.
//!
//! callgrind counts them: the same program gives the same count, however busy the machine is. Each workload of
//! `xtask/instructions` runs twice, and the difference is what the further repetitions took, without the
//! start. What is compared is its ratio to a yardstick counted in the same way at the same time, one open and
//! one seal by the bare cipher: what a new compiler or machine does to both is not a regression.
//!
//! What it does not show: callgrind lends the program a processor of its own, without AVX-512 and without
//! instructions for SHA-256, so the cipher and the hashes take other paths here than in production, and no
//! count tells how long an instruction takes. `cargo xtask bench` measures that.

mod baseline;

use crate::debian::{self, Packaged};
use crate::process::{Failure, Program};
use crate::repo;
use baseline::Baseline;
use std::fs;
use std::path::{Path, PathBuf};

/// Repetitions of the two runs.
const RUNS: (u64, u64) = (200, 700);
const YARDSTICK: &str = "yardstick";
const WORKLOADS: [&str; 2] = ["message", "handshake"];
const BLESS: &str = "cargo xtask test instructions --bless";

/// Counts them all; with `bless` writes the baseline, else fails when one is more than 5 % over it.
pub(crate) fn check(bless: bool) -> Result<(), Failure> {
    debian::ensure(&[Packaged { program: "valgrind", package: "valgrind" }])?;
    let program = build()?;
    let Some(yardstick) = count(&program, YARDSTICK)? else {
        println!(
            "skipped: this processor has no instructions for AES, which the baseline is made with"
        );
        return Ok(());
    };
    let mut measured = Baseline::default();
    for workload in WORKLOADS {
        let instructions = count(&program, workload)?.unwrap_or_default();
        let ratio = instructions / yardstick;
        println!(
            "{workload}: {instructions:.0} instructions, {ratio:.3} times the {YARDSTICK}'s {yardstick:.0}"
        );
        measured.set(workload, ratio);
    }
    let file = repo::root().join("xtask/instructions/baseline.toml");
    if bless {
        println!("written: {}", file.display());
        return fs::write(&file, measured.to_toml()).map_err(|error| Failure::at(&file, &error));
    }
    let text = fs::read_to_string(&file).map_err(|error| Failure::at(&file, &error))?;
    compare(&Baseline::parse(&text)?, &measured)
}

fn compare(baseline: &Baseline, measured: &Baseline) -> Result<(), Failure> {
    let mut slower = Vec::new();
    for (workload, verdict) in baseline.judge(measured)? {
        println!("{workload}: {verdict}");
        if verdict.is_regression() {
            slower.push(format!(
                "{workload}: {verdict}; by function: callgrind_annotate {}",
                counted(&workload, RUNS.1).display()
            ));
        }
    }
    if slower.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("{}\nwhere that is meant: {BLESS}", slower.join("\n"))))
}

fn build() -> Result<PathBuf, Failure> {
    Program::cargo()
        .args(["build", "--quiet", "--release", "--locked", "--package", "pintle-instructions"])
        .arg("--target-dir")
        .arg(repo::target())
        .run()?;
    let folder = counts();
    fs::create_dir_all(&folder).map_err(|error| Failure::at(&folder, &error))?;
    Ok(repo::target().join("release/pintle-instructions"))
}

/// Instructions of one repetition; `None` where AES is not done by the processor.
fn count(program: &Path, workload: &str) -> Result<Option<f64>, Failure> {
    let (few, many) = RUNS;
    let (Some(start), Some(end)) = (run(program, workload, few)?, run(program, workload, many)?)
    else {
        return Ok(None);
    };
    Ok(Some(end.saturating_sub(start) as f64 / (many - few) as f64))
}

/// Instructions of a whole run.
fn run(program: &Path, workload: &str, repetitions: u64) -> Result<Option<u64>, Failure> {
    let file = counted(workload, repetitions);
    let said = Program::new("valgrind")
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(program)
        .arg(workload)
        .arg(repetitions.to_string())
        .capture()?;
    if !said.contains("aes in hardware: true") {
        return Ok(None);
    }
    let text = fs::read_to_string(&file).map_err(|error| Failure::at(&file, &error))?;
    let total = total(&text);
    total.map(Some).ok_or_else(|| Failure::new(format!("{}: no total in it", file.display())))
}

/// The sum that ends a file of callgrind's.
fn total(counts: &str) -> Option<u64> {
    counts.lines().rev().find_map(|line| line.strip_prefix("totals:"))?.trim().parse().ok()
}

/// Where the counts are, by function, to be read with `callgrind_annotate`.
fn counts() -> PathBuf {
    repo::target().join("instructions")
}

fn counted(workload: &str, repetitions: u64) -> PathBuf {
    counts().join(format!("{workload}.{repetitions}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_read_from_the_end_of_a_file() {
        let counts = "# callgrind format\nevents: Ir\nfn=(1) main\n16 5\n\ntotals: 2355807\n";
        assert_eq!(total(counts), Some(2_355_807));
    }

    #[test]
    fn a_file_cut_short_has_no_total() {
        assert_eq!(total("# callgrind format\nevents: Ir\nfn=(1) main\n16 5\n"), None);
        assert_eq!(total("totals: \n"), None);
    }

    #[test]
    fn a_regression_fails_and_names_where_to_look() {
        let baseline = Baseline::parse("message = 3.0\nhandshake = 160.0\n").unwrap();
        let measured = Baseline::parse("message = 3.2\nhandshake = 160.0\n").unwrap();
        let said = compare(&baseline, &measured).unwrap_err().to_string();
        assert!(said.contains("message: 6.7 % over") && said.contains("message.700"), "{said}");
        assert!(!said.contains("handshake"), "{said}");
        assert!(compare(&measured, &baseline).is_ok());
    }
}
