//! Pintle's benchmarks: `cargo xtask bench [--peers] [--markdown | --json]`.
//!
//! Each file measures one promise beside what bounds it or competes with it, in the same run and turn by
//! turn. Processor time is counted, not only the wall's, and only where the server works: the other end of a
//! conversation is off the clock. Without `--peers` there are no sockets; those cost the same for everybody. With
//! it, whole servers stand beside those of the distribution's packages, each alone on a core.

mod clock;
mod coap;
mod cores;
mod fanout;
mod handshake;
mod machine;
mod memory;
mod sample;
mod table;

use std::process::ExitCode;
use table::Report;

/// Samples of each figure.
const ROUNDS: usize = 11;

const USAGE: &str = "usage: cargo xtask bench [--peers] [--markdown | --json]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let [fanout::SERVE, wire, folder] = arguments[..] {
        fanout::serve(wire, folder.as_ref());
        return ExitCode::SUCCESS;
    }
    let (peers, rest): (Vec<&str>, Vec<&str>) =
        arguments.into_iter().partition(|argument| *argument == "--peers");
    let show = match rest[..] {
        [] => Report::text,
        ["--markdown"] => Report::markdown,
        ["--json"] => Report::json,
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    // Before anything chooses its cores.
    let machine = machine::describe();
    print!("{}", show(&measure(machine, !peers.is_empty())));
    ExitCode::SUCCESS
}

fn measure(machine: String, peers: bool) -> Report {
    // Memory first: see there.
    let memory = memory::run(ROUNDS);
    let mut sections = vec![handshake::run(ROUNDS), coap::run(ROUNDS), memory];
    if peers {
        // Last: it keeps this process on one core.
        sections.push(fanout::run(ROUNDS));
    }
    let method = format!(
        "Processor time of one thread, or of a server's process; median of {ROUNDS} samples; spread is the \
         largest less the smallest, over the median."
    );
    Report { machine, method, sections }
}
