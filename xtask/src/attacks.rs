//! The attacks at full length: all of them against a twin, where each has to hold; then those that take a minute and
//! more against a twin with the protection off that they are about, where they have to get through.

use crate::process::{Failure, Program};
use crate::repo;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// A protection, and the attack on it. All others are in `tests/interop/attack_api.rs`.
const SLOW: [(&str, &str); 2] =
    [("requests-unlimited", "api-many-requests"), ("heads-awaited", "api-slow-requests")];

/// How `pintle attack` ends where an attack got through.
const GOT_THROUGH: i32 = 5;

pub(crate) fn check() -> Result<(), Failure> {
    Program::cargo()
        .args(["build", "--quiet", "--locked", "--workspace", "--all-features", "--bins"])
        .run()?;
    let pintle = repo::target().join("debug/pintle");
    let data = repo::target().join("attacked");
    let config = data.join("config.toml");
    let made = fs::create_dir_all(&data).and_then(|()| fs::write(&config, ""));
    made.map_err(|error| Failure::at(&config, &error))?;
    Program::new(&pintle).args(["attack", "--full", "--tcp", "--target"]).arg(&data).run()?;
    SLOW.iter().try_for_each(|(switch, attack)| caught(&pintle, &data, switch, attack))
}

fn caught(pintle: &Path, data: &Path, switch: &str, attack: &str) -> Result<(), Failure> {
    println!("{attack} without {switch}");
    let status = Command::new(pintle)
        .args(["attack", "--full", "--weaken", switch, "--only", attack, "--target"])
        .arg(data)
        .stdin(Stdio::null())
        .status()
        .map_err(|error| Failure::at(pintle, &error))?;
    match status.code() {
        Some(GOT_THROUGH) => Ok(()),
        _ => Err(Failure::new(format!("{switch} is off, and {attack} did not notice ({status})"))),
    }
}
