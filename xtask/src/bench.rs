//! The benchmarks: a workspace of their own under `bench/`, because they compare with libraries
//! that the product does not use.
//!
//! Some rows compare with whole servers from the distribution's packages: those run with `--peers`.

use crate::debian::{self, Packaged};
use crate::process::{Failure, Program};
use crate::repo;

/// Stands for the rows beside other servers.
const PEERS: &str = "--peers";

/// Builds them optimised and runs them; arguments are handed on.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    if arguments.iter().any(|argument| argument == PEERS) {
        debian::ensure(&[Packaged { program: "mosquitto", package: "mosquitto" }])?;
    }
    Program::cargo()
        .args(["run", "--quiet", "--release", "--locked", "--manifest-path"])
        .arg(repo::root().join("bench/Cargo.toml"))
        .arg("--")
        .args(arguments)
        .run()
}
