//! The project's own chores, and the only entry point to them: `cargo xtask <verb>`.
//!
//! Each verb is one file. A verb installs what it needs (pinned, under `target/`, or from the
//! distribution's packages after saying so), prints plain lines, and leaves nothing running.

mod attacks;
mod bench;
mod browser;
mod debian;
mod fuzz;
mod instructions;
mod leftovers;
mod no_std;
mod package;
mod peers;
mod peers_table;
mod powercuts;
mod process;
mod promises;
mod repo;
mod simulate;
mod steps;
mod test;
mod timing;
mod tls;
mod tools;
mod unit;

use process::Failure;
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <verb>

  test [--full] [--bless] [STEP...]             every check there is, or the named steps;
                                                --full fuzzes longer and runs the benchmarks,
                                                --bless makes today's instruction counts the baseline
  bench [--peers [--million | --devices N] [--only NAME]] [--markdown | --json]
                                                the benchmarks, in release mode; with --peers also
                                                those beside other servers, from packages, and those
                                                of a whole node: with a million devices if asked, or
                                                only empty, arrival, messages, storm, stream,
                                                tcp or update
  fuzz [--seconds N | --runs N] [TARGET...]     the fuzz targets, one a core at a time
  package [--binary PATH]                       the Debian package, around a program built before
                                                if one is given
  simulate [--seeds A..B | --seed N [--trace]]  hours of fleet life on virtual time, from seeds
  timing [--calls N] [--door]                   whether good and bad blocks of the TCP handshake can be
                                                told apart by the time they take: a million of them,
                                                and 5,000 through the door of a node
  powercuts [--cuts N] [--seed N] [...]         cut a device's power inside every write of many updates
  peers                                         install what the interoperability tests talk to
  peers-table                                   what other tools find on the same inputs, and which check finds it
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<(), Failure> {
    let Some((verb, rest)) = arguments.split_first() else {
        return Err(Failure::new(format!("a verb is missing\n\n{USAGE}")));
    };
    match verb.as_str() {
        "test" => test::run(rest),
        "bench" => bench::run(rest),
        "fuzz" => fuzz::run(rest),
        "package" => package::run(rest),
        "powercuts" => powercuts::run(rest),
        "peers" => peers::install(),
        "peers-table" => peers_table::run(),
        "simulate" => simulate::run(rest),
        "timing" => timing::run(rest),
        "help" | "--help" | "-h" => {
            print!("{USAGE}");
            Ok(())
        }
        other => Err(Failure::new(format!("there is no verb {other:?}\n\n{USAGE}"))),
    }
}
