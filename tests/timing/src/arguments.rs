//! The command line.

use crate::subject::Subject;

/// What to say to whoever asks for something else.
pub const USAGE: &str = "\
usage: cargo xtask timing [--calls N] [--seed N] [--subject NAME]

  --calls N       so many private operations [default: 1000000, some minutes]
  --seed N        which blocks, and in which order
  --subject NAME  what is timed: product; library (its own removal of padding); telling, which leaks
                  [default: product, then telling, which has to be found]";

const CALLS: usize = 1_000_000;
/// Fewer show nothing.
const LEAST: usize = 2_000;

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Arguments {
    pub calls: usize,
    pub seed: u64,
    pub subject: Subject,
}

impl Arguments {
    /// Reads the command line; what is wrong with it.
    pub fn parse(given: &[String]) -> Result<Self, String> {
        let mut arguments = Self { calls: CALLS, seed: 1, subject: Subject::Product };
        let mut rest = given.iter();
        while let Some(option) = rest.next() {
            let value = rest.next().ok_or_else(|| format!("{option} needs a value"))?;
            let wrong = || format!("{value:?} is nothing for {option}");
            match option.as_str() {
                "--calls" => {
                    let calls = value.parse().ok().filter(|calls| *calls >= LEAST);
                    arguments.calls = calls.ok_or_else(wrong)?;
                }
                "--seed" => arguments.seed = value.parse().map_err(|_| wrong())?,
                "--subject" => arguments.subject = Subject::named(value).ok_or_else(wrong)?,
                other => return Err(format!("there is no option {other:?}")),
            }
        }
        Ok(arguments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, String> {
        Arguments::parse(&line.split_whitespace().map(String::from).collect::<Vec<_>>())
    }

    #[test]
    fn a_million_calls_of_the_product_are_timed_if_nothing_is_said() {
        let expected = Arguments { calls: 1_000_000, seed: 1, subject: Subject::Product };
        assert_eq!(parse(""), Ok(expected));
        let expected = Arguments { calls: 5000, seed: 7, subject: Subject::Library };
        assert_eq!(parse("--calls 5000 --seed 7 --subject library"), Ok(expected));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in ["--calls", "--calls 3", "--calls x", "--subject nobody", "--fast 1"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
