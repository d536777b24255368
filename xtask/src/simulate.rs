//! The seeded simulation of a fleet, under `tests/simulation`.

use crate::process::{Failure, Program};

/// The seeds that every change has to hold for; and those of a full run.
const FIXED: &str = "0..200";
const FULL: &str = "0..2000";

/// `cargo xtask simulate [--seeds A..B | --seed N [--trace]] [...]`: arguments are handed on.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    Program::cargo()
        .args(["run", "--quiet", "--release", "--locked", "--package", "pintle-simulation", "--"])
        .args(arguments)
        .run()
}

/// The fixed set of seeds.
pub(crate) fn fixed(full: bool) -> Result<(), Failure> {
    run(&["--seeds".to_owned(), if full { FULL } else { FIXED }.to_owned()])
}
