//! The proof that the cores need no standard library: `xtask/no-std-proof` is a `no_std` static
//! library with a panic handler of its own, and the compiler refuses a second one. If anything in
//! the cores' dependencies brings std in, its build fails.

use crate::process::{Failure, Program};
use crate::repo;

/// Builds the proof for the host, in a target folder of its own.
pub(crate) fn prove() -> Result<(), Failure> {
    Program::cargo()
        .args(["build", "--quiet", "--locked", "--manifest-path"])
        .arg(repo::root().join("xtask/no-std-proof/Cargo.toml"))
        .arg("--target-dir")
        .arg(repo::target().join("no-std"))
        .run()
}
