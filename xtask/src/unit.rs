//! Holds the systemd unit against systemd's own judgement: every line understood, with each of the drop-ins too, and
//! the exposure that `systemd-analyze security` counts within bounds.

use crate::debian::{self, Packaged};
use crate::process::{Failure, Program};
use crate::repo;
use std::fs;
use std::path::Path;

const UNIT: &str = "packaging/systemd/pintle.service";
const DROP_INS: [&str; 2] = ["packaging/systemd/low-ports.conf", "packaging/systemd/node-key.conf"];

/// The exposure allowed, in tenths: 2.0 is where systemd's "OK" begins.
const MOST_EXPOSED: u32 = 20;

/// Fails when systemd would not take the unit, or finds it too exposed.
pub(crate) fn check() -> Result<(), Failure> {
    debian::ensure(&[Packaged { program: "systemd-analyze", package: "systemd" }])?;
    let folder = repo::target().join("unit");
    fs::create_dir_all(&folder).map_err(|error| Failure::at(&folder, &error))?;
    let unit = read(UNIT)?;
    exposure(&folder, &unit)?;
    verify(&folder, &unit)?;
    for drop_in in DROP_INS {
        // A drop-in's settings come after the unit's own.
        let service = read(drop_in)?.replace("[Service]", "");
        let with = unit.replace("[Install]", &format!("{service}\n[Install]"));
        verify(&folder, &with).map_err(|failure| Failure::new(format!("{drop_in}: {failure}")))?;
    }
    fs::remove_dir_all(&folder).map_err(|error| Failure::at(&folder, &error))
}

fn read(file: &str) -> Result<String, Failure> {
    let path = repo::root().join(file);
    fs::read_to_string(&path).map_err(|error| Failure::at(&path, &error))
}

/// The unit names a program that is not installed here; one that is stands in for it.
fn verify(folder: &Path, unit: &str) -> Result<(), Failure> {
    let path = write(folder, &unit.replace("/usr/bin/pintle", "/usr/bin/env"))?;
    let said = Program::new("systemd-analyze").args(["verify", "--man=no"]).arg(&path).capture()?;
    let about_ours: Vec<&str> = said.lines().filter(|line| line.contains("pintle")).collect();
    match about_ours.as_slice() {
        [] => Ok(()),
        some => Err(Failure::new(format!("systemd says of the unit:\n{}", some.join("\n")))),
    }
}

fn exposure(folder: &Path, unit: &str) -> Result<(), Failure> {
    let path = write(folder, unit)?;
    let said = Program::new("systemd-analyze")
        .args(["security", "--offline=true", "--no-pager", &format!("--threshold={MOST_EXPOSED}")])
        .arg(&path)
        .env("SYSTEMD_LOG_LEVEL", "err")
        .capture()?;
    let verdict = said.lines().rev().find(|line| line.contains("exposure level"));
    println!("{}", verdict.unwrap_or(said.as_str()).trim());
    Ok(())
}

fn write(folder: &Path, unit: &str) -> Result<std::path::PathBuf, Failure> {
    let path = folder.join("pintle.service");
    fs::write(&path, unit).map_err(|error| Failure::at(&path, &error))?;
    Ok(path)
}
