//! Whether the blocks of the TCP handshake can be told apart by how long the cloud works on them: `cargo xtask timing`.
//!
//! 1. [`blocks`] makes good blocks and bad ones of every kind, each new, in random order.
//! 2. [`subject`] is what works on them: the product, or one of two that leak, to see that this finds a leak.
//! 3. [`sampling`] takes the time of each call.
//! 4. [`welch`] asks whether the times of a kind differ from those of good blocks by more than chance allows, after
//!    Reparaz, Balasch and Verbauwhede, "Dude, is my code constant time?" (2017).
//! 5. [`report`] says what was found, and what difference would have been.
//!
//! With `--door` also whether a node's door ends a connection sooner for one kind than for another: [`door`].
//!
//! Ends with 1 where a difference was found, or where the planted one was not.

mod arguments;
mod blocks;
mod door;
mod report;
mod sampling;
mod subject;
mod welch;

use arguments::Arguments;
use blocks::Kind;
use report::Report;
use sampling::Samples;
use std::path::Path;
use std::process::ExitCode;
use subject::Subject;

/// Calls of the planted leak for each of the product's: it is large, so few are enough.
const PLANTED_SHARE: usize = 10;
const LEAST_PLANTED: usize = 50_000;

fn main() -> ExitCode {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let arguments = match Arguments::parse(&given) {
        Ok(arguments) => arguments,
        Err(why) => {
            eprintln!("{why}\n\n{}", arguments::USAGE);
            return ExitCode::from(2);
        }
    };
    if run(&arguments) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Whether all is as it should be.
fn run(arguments: &Arguments) -> bool {
    let in_process = arguments.calls == 0 || in_process(arguments);
    let door = arguments.node.as_deref().is_none_or(|node| through_the_door(node, arguments));
    in_process && door
}

fn in_process(arguments: &Arguments) -> bool {
    let keys = subject::Keys::generate();
    let silent = |subject: Subject, calls| {
        let samples = Samples::take(&keys, subject, calls, arguments.seed);
        is_silent(subject.title(), &samples, Kind::Good)
    };
    let subject = silent(arguments.subject, arguments.calls);
    if arguments.subject != Subject::Product {
        return subject;
    }
    let planted = (arguments.calls / PLANTED_SHARE).max(LEAST_PLANTED);
    let blind = silent(Subject::Telling, planted);
    if blind {
        println!(
            "The planted leak was not found: on this machine, with so few calls, this test sees nothing."
        );
    }
    subject && !blind
}

fn through_the_door(node: &Path, arguments: &Arguments) -> bool {
    let samples = door::time(node, arguments.handshakes, arguments.seed);
    is_silent(door::TITLE, &samples, door::YARDSTICK)
}

fn is_silent(title: &'static str, samples: &Samples, yardstick: Kind) -> bool {
    let report = Report::of(title, samples, yardstick);
    println!("{report}");
    !report.found()
}
