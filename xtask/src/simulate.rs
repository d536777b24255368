//! The seeded simulation of a fleet, under `tests/simulation`.

use crate::process::{Failure, Program};
use crate::repo;

/// The seeds that every change has to hold for; and those of a full run.
const FIXED: &str = "0..60";
const FULL: &str = "0..2000";

/// `cargo xtask simulate [--seeds A..B | --seed N [--trace]] [...]`: arguments are handed on.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    simulation(&["--release"]).args(arguments).run()
}

/// The fixed set of seeds. The short one runs as the tests are built, of the same libraries: they take longer so than
/// optimised, and less long than another build of everything.
pub(crate) fn fixed(full: bool) -> Result<(), Failure> {
    if full {
        return simulation(&["--release"]).args(["--seeds", FULL]).run();
    }
    Program::cargo()
        .args(["build", "--quiet", "--locked", "--workspace", "--all-features", "--bins"])
        .run()?;
    Program::new(repo::target().join("debug/pintle-simulation")).args(["--seeds", FIXED]).run()
}

fn simulation(profile: &[&str]) -> Program {
    Program::cargo()
        .args(["run", "--quiet", "--locked", "--package", "pintle-simulation"])
        .args(profile)
        .args(["--"])
}
