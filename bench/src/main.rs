//! Pintle's benchmarks: `cargo xtask bench [--markdown | --json]`.
//!
//! Each file measures one promise beside what bounds it or competes with it, in the same run and turn by
//! turn. Processor time of the thread is counted, not the wall's, and only where the server works: the other
//! end of a conversation is off the clock. There are no sockets; those cost the same for everybody.

mod clock;
mod coap;
mod handshake;
mod machine;
mod memory;
mod sample;
mod table;

use std::process::ExitCode;
use table::Report;

/// Samples of each figure.
const ROUNDS: usize = 11;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let show = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Report::text,
        ["--markdown"] => Report::markdown,
        ["--json"] => Report::json,
        _ => {
            eprintln!("usage: cargo xtask bench [--markdown | --json]");
            return ExitCode::FAILURE;
        }
    };
    print!("{}", show(&measure()));
    ExitCode::SUCCESS
}

fn measure() -> Report {
    // Memory first: see there.
    let memory = memory::run(ROUNDS);
    let sections = vec![handshake::run(ROUNDS), coap::run(ROUNDS), memory];
    let method = format!(
        "Processor time of one thread; median of {ROUNDS} samples; spread is the largest less the smallest, \
         over the median."
    );
    Report { machine: machine::describe(), method, sections }
}
