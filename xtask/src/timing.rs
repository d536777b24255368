//! The statistical test of the TCP handshake's timing, under `tests/timing`.

use crate::package;
use crate::process::{Failure, Program};

/// Stands for the part that needs a node.
const DOOR: &str = "--door";

/// `cargo xtask timing [--calls N] [--door] [...]`: arguments are handed on.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let timing = Program::cargo().args([
        "run",
        "--quiet",
        "--release",
        "--locked",
        "--package",
        "pintle-timing",
        "--",
    ]);
    let (door, rest): (Vec<&String>, Vec<&String>) =
        arguments.iter().partition(|argument| *argument == DOOR);
    if door.is_empty() {
        return timing.args(rest).run();
    }
    timing.arg("--node").arg(package::build()?).args(rest).run()
}
