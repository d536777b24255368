//! What a person may ask of the benchmarks.

use crate::node::{ROOMS, Scale};
use crate::table::Show;
use std::path::PathBuf;

/// Said to those who ask for something else.
pub const USAGE: &str = "\
usage: cargo xtask bench [--peers [--million | --devices N] [--only NAME]] [--markdown | --json]

  --peers      also the rows beside other servers, and those of a whole node under a fleet
  --million    also those with 1,000,000 devices that idle; 100,000 that storm beside 50,000
  --devices N  those with as many that idle, a tenth that storm, a twentieth beside [default: 100000];
               over TCP a tenth that idle, and as many event streams, 10,000 at most; a hundredth
               that take an update, 1,000 at most
  --only NAME  of those under a fleet, one: empty, api, arrival, messages, storm, stream, tcp, update";
/// The fewest devices that make sense of the divisions of it.
const FEWEST: u32 = 1000;

/// What was asked for.
pub struct Options {
    /// The `pintle` to run; with it, whole servers are measured.
    pub node: Option<PathBuf>,
    /// The npm package to measure beside it.
    pub spark: Option<PathBuf>,
    /// The most devices at a time.
    pub devices: Option<u32>,
    /// The one part of what whole nodes are measured for.
    pub only: Option<String>,
    pub show: Show,
}

impl Options {
    /// From the command line; `None` for what makes no sense.
    pub fn parse(arguments: &[&str]) -> Option<Self> {
        let mut options =
            Self { node: None, spark: None, devices: None, only: None, show: Show::Text };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match *argument {
                // What `cargo xtask` makes of `--peers`: it builds the program first.
                "--node" => options.node = Some(arguments.next()?.into()),
                "--spark" => options.spark = Some(arguments.next()?.into()),
                "--million" => options.devices = Some(Scale::FULL),
                "--devices" => options.devices = Some(devices(arguments.next()?)?),
                "--only" => options.only = Some(room(arguments.next()?)?),
                "--markdown" => options.show = Show::Markdown,
                "--json" => options.show = Show::Json,
                _ => return None,
            }
        }
        let sensible =
            options.node.is_some() || !(options.devices.is_some() || options.only.is_some());
        sensible.then_some(options)
    }
}

fn devices(count: &str) -> Option<u32> {
    count.parse().ok().filter(|count| (FEWEST..=Scale::FULL).contains(count))
}

fn room(name: &str) -> Option<String> {
    ROOMS.contains(&name).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_servers_are_measured_where_a_program_is_given() {
        let options = Options::parse(&["--node", "/p", "--million", "--only", "storm"]);
        let options = options.expect("sensible");
        assert_eq!(options.devices, Some(1_000_000));
        assert_eq!(options.only.as_deref(), Some("storm"));
        assert_eq!(options.node, Some("/p".into()));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for arguments in [&["--million"][..], &["--node"], &["--only", "storm"], &["--fast"]] {
            assert!(Options::parse(arguments).is_none(), "{arguments:?}");
        }
        assert!(Options::parse(&["--node", "/p", "--only", "everything"]).is_none());
        assert!(Options::parse(&["--node", "/p", "--devices", "3"]).is_none());
    }
}
