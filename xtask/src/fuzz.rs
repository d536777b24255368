//! The fuzz targets of `fuzz/`: built once with coverage for libFuzzer, then run as plain programs,
//! as many at a time as there are cores.
//!
//! Built on the stable compiler and without a sanitizer: the fuzzed crates forbid `unsafe`, so what
//! is looked for is a panic, an endless loop or memory that grows.

use crate::debian::{self, Packaged};
use crate::process::{Failure, Program};
use crate::repo;
use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

const MEMORY_MIB: u32 = 1024;
const SECONDS_AN_INPUT: u32 = 10;
/// What libFuzzer wants to know of the code that it runs: which edges were taken, and what was compared.
const COVERAGE: [&str; 8] = [
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cllvm-args=-simplifycfg-branch-fold-threshold=0",
    "-Cdebug-assertions",
];

/// When a target has run enough.
#[derive(Clone, Copy)]
pub(crate) enum Limit {
    Time(Duration),
    Runs(u64),
}

/// `cargo xtask fuzz [--seconds N | --runs N] [TARGET...]`; a minute each when not told.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let mut limit = Limit::Time(Duration::from_secs(60));
    let mut chosen = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--seconds" => limit = Limit::Time(Duration::from_secs(number(rest.next())?)),
            "--runs" => limit = Limit::Runs(number(rest.next())?),
            flag if flag.starts_with('-') => {
                return Err(Failure::new(format!("fuzz has no option {flag}")));
            }
            target => chosen.push(target.to_owned()),
        }
    }
    let known = targets(Which::All)?;
    if let Some(unknown) = chosen.iter().find(|target| !known.contains(target)) {
        let known = known.join(", ");
        return Err(Failure::new(format!("no fuzz target {unknown:?}; there are: {known}")));
    }
    run_targets(if chosen.is_empty() { &known } else { &chosen }, Which::All, limit)
}

/// Which targets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    All,
    /// Without those of the server, the agent and what tries them, which take minutes to build.
    Wire,
}

/// Each target up to `limit`.
pub(crate) fn each_of(which: Which, limit: Limit) -> Result<(), Failure> {
    let targets = targets(which)?;
    if targets.is_empty() {
        return Err(Failure::new("there are no fuzz targets in fuzz/fuzz_targets"));
    }
    run_targets(&targets, which, limit)
}

fn number(argument: Option<&String>) -> Result<u64, Failure> {
    argument
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Failure::new("--seconds and --runs take a whole number"))
}

/// The names of the targets: one file each.
fn targets(which: Which) -> Result<Vec<String>, Failure> {
    let folder = repo::root().join("fuzz/fuzz_targets");
    let files = fs::read_dir(&folder).map_err(|error| Failure::at(&folder, &error))?;
    let mut names: Vec<String> = files
        .flatten()
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter(|path| which == Which::All || !needs_the_server(path))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    Ok(names)
}

fn needs_the_server(target: &Path) -> bool {
    const HEAVY: [&str; 4] = ["pintle_attack", "pintle_checklist", "pintle_cloud", "pintle_device"];
    fs::read_to_string(target).is_ok_and(|text| HEAVY.iter().any(|heavy| text.contains(heavy)))
}

fn run_targets(targets: &[String], which: Which, limit: Limit) -> Result<(), Failure> {
    let programs = build(which)?;
    let waiting = Mutex::new(targets.iter());
    let failures = Mutex::new(Vec::new());
    let workers = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(target) = take(&waiting) {
                    match run_one(&programs, target, limit) {
                        Ok(line) => println!("      {target}: {line}"),
                        Err(failure) => {
                            println!("      {target}: FOUND SOMETHING");
                            push(&failures, format!("{target}: {failure}"));
                        }
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap_or_default();
    if failures.is_empty() { Ok(()) } else { Err(Failure::new(failures.join("\n"))) }
}

fn take<'a>(waiting: &Mutex<std::slice::Iter<'a, String>>) -> Option<&'a String> {
    waiting.lock().ok()?.next()
}

fn push(failures: &Mutex<Vec<String>>, failure: String) {
    if let Ok(mut failures) = failures.lock() {
        failures.push(failure);
    }
}

/// Builds the targets; returns the folder of the programs.
fn build(which: Which) -> Result<PathBuf, Failure> {
    debian::ensure(&[Packaged { program: "c++", package: "g++" }])?;
    // Named, so that what runs while building is not instrumented.
    let triple = host_triple()?;
    let fuzz = repo::root().join("fuzz");
    let mut cargo = Program::cargo()
        .args(["build", "--quiet", "--release", "--bins", "--target", &triple])
        .arg("--manifest-path")
        .arg(fuzz.join("Cargo.toml"))
        .env("RUSTFLAGS", COVERAGE.join(" "));
    if which == Which::Wire {
        cargo = cargo.arg("--no-default-features");
    }
    cargo.run()?;
    Ok(fuzz.join("target").join(triple).join("release"))
}

fn host_triple() -> Result<String, Failure> {
    let version = Program::new("rustc").arg("-vV").capture()?;
    version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
        .ok_or_else(|| Failure::new("`rustc -vV` names no host"))
}

/// Runs one target; returns libFuzzer's closing line.
///
/// New inputs go to `fuzz/corpus/<target>`, findings to `fuzz/artifacts/<target>`; inputs that are
/// checked in are read from `fuzz/seeds/<target>`.
fn run_one(programs: &Path, target: &str, limit: Limit) -> Result<String, Failure> {
    let fuzz = repo::root().join("fuzz");
    let corpus = fuzz.join("corpus").join(target);
    let artifacts = fuzz.join("artifacts").join(target);
    for folder in [&corpus, &artifacts] {
        fs::create_dir_all(folder).map_err(|error| Failure::at(folder, &error))?;
    }
    let mut program = Program::new(programs.join(target))
        .arg(match limit {
            Limit::Time(time) => format!("-max_total_time={}", time.as_secs()),
            Limit::Runs(runs) => format!("-runs={runs}"),
        })
        .arg(format!("-rss_limit_mb={MEMORY_MIB}"))
        .arg(format!("-timeout={SECONDS_AN_INPUT}"))
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg(&corpus);
    let seeds = fuzz.join("seeds").join(target);
    if seeds.exists() {
        program = program.arg(&seeds);
    }
    let log = program.capture()?;
    let closing = log.lines().rev().find(|line| line.starts_with("Done "));
    Ok(closing.unwrap_or("ended without a closing line").to_owned())
}
