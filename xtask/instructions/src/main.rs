//! What `cargo xtask test instructions` runs under callgrind: one workload, a given number of times.
//!
//! Nothing here depends on time, randomness, a socket or a thread: the same program executes the same
//! instructions. What a workload needs is prepared before it, always for [`MOST`] repetitions; so two runs
//! with different counts differ by exactly what the further repetitions took.

mod handshake;
mod message;
mod no_public_keys;
mod yardstick;

use std::process::ExitCode;

/// The most repetitions that a workload is prepared for.
const MOST: usize = 1000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => {
            println!("aes in hardware: {}", aes::hardware_accelerated());
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let [workload, count] = arguments else {
        return Err("usage: pintle-instructions yardstick|message|handshake COUNT".into());
    };
    let count: usize = count.parse()?;
    if count > MOST {
        return Err(format!("{count} is more than {MOST}").into());
    }
    match workload.as_str() {
        "yardstick" => yardstick::run(count),
        "message" => message::run(count),
        "handshake" => handshake::run(count),
        other => Err(format!("there is no workload {other:?}").into()),
    }
}
