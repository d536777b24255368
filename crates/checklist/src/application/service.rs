//! Services that the machine starts by itself, and what each could reach if it were taken over.
//!
//! The latter is counted by `systemd-analyze security`, which reads unit files and asks no running system (`--offline`).

use crate::machine::Machine;
use crate::machine::unit::{Unit, enabled, scripts};
use serde::Serialize;
use std::process::{Command, Stdio};

/// What was seen of services.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Services {
    /// Those that are enabled, by name.
    pub enabled: Vec<Service>,
    /// Why nobody counted how exposed they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uncounted: Option<String>,
}

/// A service that is started with the machine.
#[derive(Clone, Debug, Default, PartialEq, PartialOrd, Serialize)]
pub struct Service {
    /// The unit's name, or the script's.
    pub name: String,
    /// It runs as root.
    pub of_root: bool,
    /// From 0, where it can reach nothing, to 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exposure: Option<f64>,
}

/// Looks at services.
///
/// # Errors
/// Nothing starts services here, in words.
pub fn look(machine: &Machine) -> Result<Services, String> {
    let units = enabled(machine, "service").into_iter().chain(enabled(machine, "socket"));
    let scripts = scripts(machine);
    if !machine.has("etc/systemd/system") && scripts.is_empty() {
        return Err("neither systemd nor scripts start anything under this root; a container's one program is among the \
                    running ones"
            .into());
    }
    let mut found = Services::default();
    for name in units {
        // What was enabled and has no file is started by nobody.
        let Some(unit) = Unit::read(machine, &name) else { continue };
        let exposure = exposure(machine, &name).unwrap_or_else(|why| {
            found.uncounted = Some(why);
            None
        });
        found.enabled.push(Service { name, of_root: unit.is_of_root(), exposure });
    }
    let started = scripts.into_iter().map(|name| Service { name, of_root: true, exposure: None });
    found.enabled.extend(started);
    found.enabled.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

/// What systemd counts; none for a unit that it does not count, as sockets.
fn exposure(machine: &Machine, unit: &str) -> Result<Option<f64>, String> {
    if !unit.ends_with(".service") {
        return Ok(None);
    }
    let output = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--no-pager"])
        .arg(format!("--root={}", machine.root().display()))
        .arg(unit)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("systemd-analyze could not be run ({error}): install systemd 250 or later where this runs"))?;
    Ok(overall(&String::from_utf8_lossy(&output.stdout)))
}

/// The number in `Overall exposure level for UNIT: 4.3 OK`.
fn overall(text: &str) -> Option<f64> {
    let line = text.lines().find(|line| line.contains("Overall exposure level"))?;
    line.rsplit_once(": ")?.1.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::overall;
    use proptest::prelude::*;

    #[test]
    fn the_exposure_is_read() {
        let text =
            "  NAME  DESCRIPTION\n\n\u{2192} Overall exposure level for a.service: 4.3 OK :-)\n";
        assert_eq!(overall(text), Some(4.3));
        assert_eq!(overall("Unit a.service not found.\n"), None);
    }

    proptest! {
        #[test]
        fn no_output_makes_it_panic(text in "(Overall exposure level|\\PC|\n|: ){0,40}") {
            let _ = overall(&text);
        }
    }
}
