//! The benchmarks: a workspace of their own under `bench/`, because they compare with libraries
//! that the product does not use.

use crate::process::{Failure, Program};
use crate::repo;

/// Builds them optimised and runs them; arguments are handed on.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    Program::cargo()
        .args(["run", "--quiet", "--release", "--locked", "--manifest-path"])
        .arg(repo::root().join("bench/Cargo.toml"))
        .arg("--")
        .args(arguments)
        .run()
}
