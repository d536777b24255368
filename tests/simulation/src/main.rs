//! `pintle-simulation`: runs seeds, and says how they went. `cargo xtask simulate` builds and calls it.

mod args;

use args::{Arguments, USAGE};
use pintle_simulation::hunt::{Report, hunt};
use pintle_simulation::{Options, Outcome, run};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How often progress is said where there is no terminal.
const LINES: u64 = 10;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match args::parse(&arguments) {
        Ok(Arguments::Help) => {
            print!("{USAGE}");
            ExitCode::SUCCESS
        }
        Ok(Arguments::One { seed, options }) => one(seed, options),
        Ok(Arguments::Many { seeds, threads, options }) => {
            let count = seeds.end - seeds.start;
            many(count, options, |progress| hunt(seeds, threads, options, progress))
        }
        Err(problem) => {
            eprintln!("pintle-simulation: {problem}\n\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn one(seed: u64, options: Options) -> ExitCode {
    let outcome = run(seed, options);
    match &outcome.failure {
        None => {
            let Outcome { hash, lines, lasted, tally, .. } = &outcome;
            println!(
                "seed {seed}: {} of fleet life, {lines} lines, trace {hash:016x}",
                span(*lasted)
            );
            println!("{tally:#?}");
            ExitCode::SUCCESS
        }
        Some(_) => {
            tell(&outcome, options, !options.print);
            ExitCode::FAILURE
        }
    }
}

fn many(
    count: u64,
    options: Options,
    work: impl FnOnce(&(dyn Fn(u64) + Sync)) -> Report,
) -> ExitCode {
    let began = Instant::now();
    let terminal = std::io::stderr().is_terminal();
    let report = work(&|done| progress(done, count, terminal));
    if terminal {
        eprint!("\r\x1b[K");
    }
    let tally = &report.tally;
    println!(
        "{} seeds, {} of fleet life in {:.1} s: {} handshakes, {} events acknowledged, {} attacks, {} kills, {} stops; \
         of {} devices that were well when the cloud was killed and soon started again {:.2} % went on without a handshake",
        report.seeds,
        span(report.lasted),
        began.elapsed().as_secs_f64(),
        tally.handshakes,
        tally.events_acknowledged,
        tally.attacks,
        tally.kills,
        tally.stops,
        tally.held,
        report.kept_on(),
    );
    match report.failures.first() {
        None => ExitCode::SUCCESS,
        Some(first) => {
            tell(first, options, true);
            ExitCode::FAILURE
        }
    }
}

fn progress(done: u64, count: u64, terminal: bool) {
    let mut out = std::io::stderr();
    // Nobody listening is no failure.
    if terminal {
        let filled = (done * 40 / count.max(1)) as usize;
        let _ = write!(out, "\r[{:<40}] {done}/{count} seeds", "#".repeat(filled));
    } else if done * LINES / count.max(1) != (done - 1) * LINES / count.max(1) {
        let _ = writeln!(out, "{done}/{count} seeds");
    }
}

fn tell(outcome: &Outcome, options: Options, with_lines: bool) {
    let Some((violation, lines)) = &outcome.failure else { return };
    if with_lines {
        lines.iter().for_each(|line| println!("  {line}"));
    }
    println!("seed {} fails after {} of fleet life", outcome.seed, span(outcome.lasted));
    println!("  promised: {}", violation.promise);
    println!("  but: {}", violation.seen);
    let flaw = options.flaw.map(args::name_of).map(|name| format!(" --flaw {name}"));
    println!(
        "replay: cargo xtask simulate --seed {}{} --trace",
        outcome.seed,
        flaw.unwrap_or_default()
    );
}

fn span(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    format!("{} h {:02} min", minutes / 60, minutes % 60)
}
