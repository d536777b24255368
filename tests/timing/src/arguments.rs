//! The command line.

use crate::subject::Subject;
use std::path::PathBuf;

/// What to say to whoever asks for something else.
pub const USAGE: &str = "\
usage: cargo xtask timing [--calls N] [--seed N] [--subject NAME | --door [--handshakes N]]

  --calls N       so many private operations [default: 1000000, some minutes]; 0 with --door for that alone
  --seed N        which blocks, and in which order
  --door          also handshakes through the door of a node, until they are refused
  --handshakes N  so many of those [default: 5000, some minutes]
  --subject NAME  what is timed: product; library (its own removal of padding); telling, which leaks
                  [default: product, then telling, which has to be found]";

const CALLS: usize = 1_000_000;
const HANDSHAKES: usize = 5000;
/// Fewer show nothing.
const LEAST: usize = 100;

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Arguments {
    pub calls: usize,
    pub seed: u64,
    pub subject: Subject,
    /// The `pintle` whose door is to be timed.
    pub node: Option<PathBuf>,
    pub handshakes: usize,
}

impl Arguments {
    /// Reads the command line; what is wrong with it.
    pub fn parse(given: &[String]) -> Result<Self, String> {
        let (subject, handshakes) = (Subject::Product, HANDSHAKES);
        let mut arguments = Self { calls: CALLS, seed: 1, subject, node: None, handshakes };
        let mut rest = given.iter();
        while let Some(option) = rest.next() {
            let value = rest.next().ok_or_else(|| format!("{option} needs a value"))?;
            let wrong = || format!("{value:?} is nothing for {option}");
            match option.as_str() {
                "--calls" if value == "0" => arguments.calls = 0,
                "--calls" => arguments.calls = count(value).ok_or_else(wrong)?,
                "--handshakes" => arguments.handshakes = count(value).ok_or_else(wrong)?,
                // What `cargo xtask` makes of `--door`: it builds the program first.
                "--node" => arguments.node = Some(value.into()),
                "--seed" => arguments.seed = value.parse().map_err(|_| wrong())?,
                "--subject" => arguments.subject = Subject::named(value).ok_or_else(wrong)?,
                other => return Err(format!("there is no option {other:?}")),
            }
        }
        Ok(arguments)
    }
}

/// Of calls, or of handshakes.
fn count(value: &str) -> Option<usize> {
    value.parse().ok().filter(|count| *count >= LEAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, String> {
        Arguments::parse(&line.split_whitespace().map(String::from).collect::<Vec<_>>())
    }

    #[test]
    fn a_million_calls_of_the_product_are_timed_if_nothing_is_said() {
        let expected = Arguments {
            calls: 1_000_000,
            seed: 1,
            subject: Subject::Product,
            node: None,
            handshakes: 5000,
        };
        assert_eq!(parse("").as_ref(), Ok(&expected));
        let expected = Arguments { calls: 5000, seed: 7, subject: Subject::Library, ..expected };
        assert_eq!(parse("--calls 5000 --seed 7 --subject library").as_ref(), Ok(&expected));
        let expected = Arguments { node: Some("/p".into()), handshakes: 900, ..expected };
        let line = "--node /p --handshakes 900 --calls 5000 --seed 7 --subject library";
        assert_eq!(parse(line), Ok(expected));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in ["--calls", "--calls 3", "--calls x", "--subject nobody", "--fast 1"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
