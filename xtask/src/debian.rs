//! Programs from the distribution's packages: installed only when missing, and announced first.

use crate::process::{Failure, Program};

/// A program and the Debian package that has it.
pub(crate) struct Packaged {
    pub(crate) program: &'static str,
    pub(crate) package: &'static str,
}

/// Installs the packages of those programs that are not in the `PATH`.
///
/// Needs root, or `sudo` that asks for no password.
pub(crate) fn ensure(wanted: &[Packaged]) -> Result<(), Failure> {
    let missing: Vec<&str> = wanted
        .iter()
        .filter(|packaged| !is_there(packaged.program))
        .map(|packaged| packaged.package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    println!("installing from the distribution's packages: {list}");
    let privilege = privilege().ok_or_else(|| {
        Failure::new(format!(
            "this needs {list}, and neither root nor sudo without a password is at hand; \
             install by hand: apt-get install {list}"
        ))
    })?;
    apt_get(privilege).arg("update").arg("-qq").capture()?;
    apt_get(privilege)
        .args(["install", "-y", "-qq", "--no-install-recommends"])
        .args(missing)
        .capture()
        .map(drop)
}

fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// What to put before `apt-get`, or `None` when it may not be run.
fn privilege() -> Option<&'static [&'static str]> {
    let root = Program::new("id").arg("-u").capture().is_ok_and(|id| id.trim() == "0");
    if root {
        return Some(&[]);
    }
    Program::new("sudo").args(["-n", "true"]).works().then_some(&["sudo", "-n"])
}

fn apt_get(privilege: &[&str]) -> Program {
    match privilege.split_first() {
        None => Program::new("apt-get"),
        Some((first, rest)) => Program::new(first).args(rest).arg("apt-get"),
    }
    .env("DEBIAN_FRONTEND", "noninteractive")
}
