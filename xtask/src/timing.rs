//! The statistical test of the TCP handshake's timing, under `tests/timing`.

use crate::process::{Failure, Program};

/// `cargo xtask timing [--calls N] [...]`: arguments are handed on.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    Program::cargo()
        .args(["run", "--quiet", "--release", "--locked", "--package", "pintle-timing", "--"])
        .args(arguments)
        .run()
}
