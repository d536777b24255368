//! The benchmarks: a workspace of their own under `bench/`, because they compare with libraries
//! that the product does not use.

use crate::process::{Failure, Program};
use crate::repo;

/// Builds them optimised and runs them; arguments are handed on.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let manifest = repo::root().join("bench/Cargo.toml");
    if !manifest.exists() {
        return Err(Failure::new("there are no benchmarks yet: bench/Cargo.toml is missing"));
    }
    Program::cargo()
        .args(["run", "--quiet", "--release", "--locked", "--manifest-path"])
        .arg(&manifest)
        .arg("--")
        .args(arguments)
        .run()
}
