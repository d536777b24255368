//! Pintle's benchmarks: `cargo xtask bench [--peers [--million | --devices N] [--only NAME]] [--markdown | --json]`.
//!
//! Each file measures one promise beside what bounds it or competes with it, in the same run and turn by
//! turn. Processor time is counted, not only the wall's, and only where the server works: the other end of a
//! conversation is off the clock. Without `--peers` there are no sockets; those cost the same for everybody. With
//! it, whole servers stand beside those of the distribution's packages, each alone on a core, and a whole node meets
//! a fleet of virtual devices.

mod clock;
mod coap;
mod cores;
mod fanout;
mod handshake;
mod machine;
mod memory;
mod module;
mod node;
mod options;
mod sample;
mod table;
mod tcp;
mod transfer;
mod trust;

use node::{Programs, Scale};
use options::Options;
use std::process::ExitCode;
use table::{Printer, Section};

/// Samples of each figure.
const ROUNDS: usize = 11;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [fanout::SERVE, wire, folder] => fanout::serve(wire, folder.as_ref()),
        [node::ECHO] => node::echo(),
        _ => match Options::parse(&arguments) {
            Some(options) => bench(&options),
            None => {
                eprintln!("{}", options::USAGE);
                return ExitCode::from(2);
            }
        },
    }
    ExitCode::SUCCESS
}

fn bench(options: &Options) {
    // Before anything chooses its cores.
    let machine = machine::describe();
    let mut printer = Printer::begin(options.show, machine, method());
    measure(options, &mut |section| printer.add(section));
    printer.end();
}

fn method() -> String {
    format!(
        "Processor time of one thread, or of a server's process; median of {ROUNDS} samples, of fewer where a \
         note says so; spread is the largest less the smallest, over the median."
    )
}

fn measure(options: &Options, show: &mut dyn FnMut(Section)) {
    // Memory first: see there.
    let memory = options.only.is_none().then(|| memory::run(ROUNDS));
    let compared = options.only.as_deref().is_none_or(|only| only == node::ARRIVAL);
    let handshakes =
        if compared { handshake::measure(ROUNDS) } else { handshake::Measured::default() };
    if let Some(memory) = memory {
        show(handshake::section(&handshakes));
        show(coap::run(ROUNDS));
        tcp::run(ROUNDS).into_iter().for_each(&mut *show);
        show(module::run(ROUNDS));
        show(transfer::run(ROUNDS));
        show(memory);
    }
    if let Some(node) = &options.node {
        let programs = Programs { node: node.clone(), spark: options.spark.clone() };
        // Last: it keeps this process on one core.
        let scale = Scale::of(options.devices.unwrap_or(Scale::SHORT));
        node::run(&programs, &scale, options.only.as_deref(), &handshakes, show);
        if options.only.is_none() {
            show(fanout::run(ROUNDS));
        }
    }
}
