//! `pintle-powercuts`: explores histories until there were so many cuts, and says how they went. `cargo xtask powercuts`
//! builds and calls it.

use pintle_firmware::slots::Flaw;
use pintle_powercuts::explore::{Failure, Options, Tally, explore};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

const USAGE: &str = "\
usage: pintle-powercuts [--cuts N] [--seed N] [--stride N] [--threads N] [--flaw NAME]

  --cuts N       go on until the power was cut so often (default 1000000)
  --seed N       the first history's seed (default 0); with --cuts 1, only that one
  --stride N     cut only at every so many-th point
  --threads N    how many at a time (default: one a core)
  --flaw NAME    a device with a planted bug, by its name in the code
";

struct Arguments {
    cuts: u64,
    seed: u64,
    threads: usize,
    options: Options,
}

fn main() -> ExitCode {
    match parse(std::env::args().skip(1)) {
        Ok(Some(arguments)) => run(&arguments),
        Ok(None) => {
            print!("{USAGE}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("pintle-powercuts: {problem}\n\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn parse(mut given: impl Iterator<Item = String>) -> Result<Option<Arguments>, String> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut arguments =
        Arguments { cuts: 1_000_000, seed: 0, threads, options: Options::default() };
    while let Some(name) = given.next() {
        if ["--help", "-h"].contains(&name.as_str()) {
            return Ok(None);
        }
        let value = given.next().ok_or_else(|| format!("{name} wants a value"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{value:?} is no number"));
        match name.as_str() {
            "--cuts" => arguments.cuts = number()?,
            "--seed" => arguments.seed = number()?,
            "--stride" => arguments.options.stride = number()?,
            "--threads" => arguments.threads = usize::try_from(number()?.max(1)).unwrap_or(1),
            "--flaw" => arguments.options.flaw = Some(flaw(&value)?),
            other => return Err(format!("there is no {other:?}")),
        }
    }
    Ok(Some(arguments))
}

fn flaw(name: &str) -> Result<Flaw, String> {
    let named = |flaw: &Flaw| format!("{flaw:?}");
    Flaw::ALL.into_iter().find(|flaw| named(flaw) == name).ok_or_else(|| {
        let names: Vec<String> = Flaw::ALL.iter().map(named).collect();
        format!("no flaw {name:?}; there are {}", names.join(", "))
    })
}

fn run(arguments: &Arguments) -> ExitCode {
    let began = Instant::now();
    let next = AtomicU64::new(arguments.seed);
    let enough = AtomicBool::new(false);
    let found: Mutex<(Tally, Option<Box<Failure>>)> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..arguments.threads {
            scope.spawn(|| {
                while !enough.load(Ordering::Relaxed) {
                    let explored = explore(next.fetch_add(1, Ordering::Relaxed), arguments.options);
                    let Ok(mut found) = found.lock() else { return };
                    match explored {
                        Ok(tally) => found.0.add(&tally),
                        Err(failure) => found.1 = found.1.take().or(Some(failure)),
                    }
                    if found.0.all_cuts() >= arguments.cuts || found.1.is_some() {
                        enough.store(true, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let (tally, failure) = found.into_inner().unwrap_or_default();
    tell(&tally, began.elapsed().as_secs_f64());
    match failure {
        None => ExitCode::SUCCESS,
        Some(failure) => {
            println!("history {} fails: {}", failure.seed, failure.at);
            println!("  promised: {}", failure.violation.promise);
            println!("  but: {}", failure.violation.seen);
            println!("replay: cargo xtask powercuts --cuts 1 --threads 1 --seed {}", failure.seed);
            ExitCode::FAILURE
        }
    }
}

fn tell(tally: &Tally, seconds: f64) {
    let Tally { histories, cuts, between, second, turned, lost, boots } = tally;
    let all = tally.all_cuts();
    println!(
        "{all} cuts in {histories} histories: {cuts} inside flash operations, {between} between messages, \
         {second} while another was being mended; {turned} bits turned, {lost} messages lost, {boots} starts; \
         {seconds:.1} s, {:.0} cuts a second",
        all as f64 / seconds.max(0.001),
    );
}
