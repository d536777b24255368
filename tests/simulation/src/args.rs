//! The command line.

use pintle_cloud::door::Flaw;
use pintle_simulation::Options;
use std::ops::Range;

/// What to say to whoever asks.
pub const USAGE: &str = "\
usage: pintle-simulation [--seed N | --seeds A..B | --seeds N] [--trace] [--threads N] [--flaw NAME]

  --seed N       one seed, and what happened in it
  --seeds A..B   all seeds from A on, below B; N is 0..N (200 when not told)
  --trace        writes every line of a single seed's trace
  --threads N    how many seeds at a time; as many as there are cores when not told
  --flaw NAME    a cloud with a planted bug: nonce-reuse, replay-accepted, acknowledged-early
";

const SEEDS: u64 = 200;

/// What is asked for.
pub enum Arguments {
    /// This page.
    Help,
    /// One seed.
    One {
        /// Which.
        seed: u64,
        /// How.
        options: Options,
    },
    /// Many seeds.
    Many {
        /// Which.
        seeds: Range<u64>,
        /// So many at a time.
        threads: usize,
        /// How.
        options: Options,
    },
}

/// Reads the command line; what is wrong with it.
pub fn parse(arguments: &[String]) -> Result<Arguments, String> {
    let mut options = Options::default();
    let (mut seed, mut seeds) = (None, 0..SEEDS);
    let mut threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut value = || rest.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--help" | "-h" => return Ok(Arguments::Help),
            "--trace" => options.print = true,
            "--seed" => seed = Some(number(value()?)?),
            "--seeds" => seeds = range(value()?)?,
            "--threads" => threads = number(value()?)? as usize,
            "--flaw" => options.flaw = Some(flaw(value()?)?),
            other => return Err(format!("there is no option {other:?}")),
        }
    }
    match seed {
        Some(seed) => Ok(Arguments::One { seed, options }),
        None if options.print => Err("--trace needs --seed".to_owned()),
        None => Ok(Arguments::Many { seeds, threads, options }),
    }
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{text:?} is no number"))
}

fn range(text: &str) -> Result<Range<u64>, String> {
    let range = match text.split_once("..") {
        Some((from, to)) => number(from)?..number(to)?,
        None => 0..number(text)?,
    };
    if range.is_empty() { Err(format!("there is no seed in {text:?}")) } else { Ok(range) }
}

const FLAWS: [(&str, Flaw); 3] = [
    ("nonce-reuse", Flaw::NonceReuseAfterCrash),
    ("replay-accepted", Flaw::ReplayAcceptedAfterCrash),
    ("acknowledged-early", Flaw::AcknowledgedBeforeDurable),
];

fn flaw(name: &str) -> Result<Flaw, String> {
    let found = FLAWS.iter().find(|(known, _)| *known == name).map(|(_, flaw)| *flaw);
    found.ok_or_else(|| format!("there is no flaw {name:?}"))
}

/// What a flaw is called on the command line.
pub fn name_of(flaw: Flaw) -> &'static str {
    FLAWS.iter().find(|(_, known)| *known == flaw).map_or("unknown", |(name, _)| name)
}
