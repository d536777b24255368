//! Power cuts at every byte that a device writes, under `tests/powercuts`.

use crate::process::{Failure, Program};

/// `cargo xtask powercuts [...]`: arguments are handed on.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    powercuts().args(arguments).run()
}

/// A million cuts.
pub(crate) fn full() -> Result<(), Failure> {
    powercuts().args(["--cuts", "1000000"]).run()
}

fn powercuts() -> Program {
    Program::cargo()
        .args(["run", "--quiet", "--locked", "--release", "--package", "pintle-powercuts"])
        .args(["--"])
}
