//! `cargo xtask package`: the Debian package, `target/package/pintle_<version>_<architecture>.deb`.
//!
//! 1. Build the program optimised, or take the one of `--binary`.
//! 2. Lay out the files of the package ([`layout`]), each with its mode and one time: that of the last commit, or of
//!    `SOURCE_DATE_EPOCH`. The same program gives the same package, byte for byte.
//! 3. `dpkg-deb` packs them, owned by root.

use crate::debian::{self, Packaged};
use crate::process::{Failure, Program};
use crate::repo;
use layout::Layout;
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) mod check;
mod control;
mod layout;

/// The version of every crate of the workspace.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Builds the package and says where it is.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let binary = match arguments {
        [] => None,
        [flag, path] if flag == "--binary" => Some(std::path::absolute(path)),
        other => return Err(Failure::new(format!("package takes --binary PATH, not {other:?}"))),
    };
    let binary = match binary {
        Some(path) => path.map_err(|error| Failure::new(error.to_string()))?,
        None => build()?,
    };
    let folder = repo::target().join("package");
    let package = pack(&binary, &folder)?;
    println!("{}", package.display());
    Ok(())
}

/// Builds the program optimised.
pub(crate) fn build() -> Result<PathBuf, Failure> {
    Program::cargo().args(["build", "--release", "--locked", "--package", "pintle"]).run()?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(repo::target, PathBuf::from);
    Ok(repo::root().join(target).join("release/pintle"))
}

/// Packs `binary` as `/usr/bin/pintle`; the package's path in `folder`.
pub(crate) fn pack(binary: &Path, folder: &Path) -> Result<PathBuf, Failure> {
    require_dpkg_deb()?;
    let architecture = architecture()?;
    let epoch = epoch()?;
    let tree = folder.join("tree");
    let program = fs::read(binary).map_err(|error| Failure::at(binary, &error))?;
    let control = control::text(VERSION, architecture, &program);
    Layout::fresh(&tree)?.fill(&program, &control, VERSION, epoch)?;
    let package = folder.join(format!("pintle_{VERSION}_{architecture}.deb"));
    Program::new("dpkg-deb")
        .args(["--root-owner-group", "-Zxz", "--build"])
        .arg(&tree)
        .arg(&package)
        .env("SOURCE_DATE_EPOCH", epoch.to_string())
        // The bytes must not depend on how many processors packed them.
        .env("DPKG_DEB_THREADS_MAX", "1")
        .capture()?;
    fs::remove_dir_all(&tree).map_err(|error| Failure::at(&tree, &error))?;
    Ok(package)
}

fn require_dpkg_deb() -> Result<(), Failure> {
    debian::ensure(&[Packaged { program: "dpkg-deb", package: "dpkg" }]).map_err(|failure| {
        Failure::new(format!("a Debian package needs dpkg-deb, which is not here: {failure}"))
    })
}

/// Debian's name for the processor this runs on.
fn architecture() -> Result<&'static str, Failure> {
    match std::env::consts::ARCH {
        "x86_64" => Ok("amd64"),
        "aarch64" => Ok("arm64"),
        other => Err(Failure::new(format!("packages are made for amd64 and arm64, not {other}"))),
    }
}

/// The one time of everything in the package, in seconds since 1970.
fn epoch() -> Result<u64, Failure> {
    let text = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text,
        Err(_) => Program::new("git").args(["log", "-1", "--format=%ct"]).capture()?,
    };
    let number = text.trim().parse();
    number.map_err(|_| Failure::new(format!("{text:?} is no time: set SOURCE_DATE_EPOCH")))
}
