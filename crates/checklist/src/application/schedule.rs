//! What runs by the clock: timers, and cron's files.

use crate::machine::Machine;
use crate::machine::unit::enabled;
use serde::Serialize;
use std::collections::BTreeSet;
use std::io::ErrorKind;

/// What was seen of what runs by the clock.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Schedule {
    /// Timers by unit name, cron's files by path.
    pub entries: Vec<String>,
    /// Why some may be missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<String>,
}

/// Folders whose files are run, or say what is.
const FOLDERS: [&str; 8] = [
    "etc/cron.d",
    "etc/cron.hourly",
    "etc/cron.daily",
    "etc/cron.weekly",
    "etc/cron.monthly",
    "var/spool/cron/crontabs",
    "var/spool/cron",
    "etc/periodic",
];

/// Looks at what runs by the clock.
#[must_use]
pub fn look(machine: &Machine) -> Schedule {
    let mut entries: BTreeSet<String> = enabled(machine, "timer").into_iter().collect();
    let mut hidden = None;
    for folder in FOLDERS {
        match machine.list(folder) {
            Ok(names) => {
                let files = names.iter().filter(|name| !name.starts_with('.'));
                let paths = files.map(|name| format!("{folder}/{name}"));
                entries.extend(
                    paths.filter(|path| is_file(machine, path)).map(|path| format!("/{path}")),
                );
            }
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                hidden = Some(format!("/{folder} cannot be read ({error}): run as root"));
            }
            Err(_) => {}
        }
    }
    if commands(&machine.text("etc/crontab").unwrap_or_default()) {
        entries.insert("/etc/crontab".into());
    }
    Schedule { entries: entries.into_iter().collect(), hidden }
}

fn is_file(machine: &Machine, path: &str) -> bool {
    machine.about(path).is_ok_and(|about| about.is_file())
}

/// Whether a crontab has a line that runs something of its own: those that run the folders above say nothing new.
fn commands(crontab: &str) -> bool {
    let lines =
        crontab.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut tasks =
        lines.filter(|line| line.starts_with(|c: char| c.is_ascii_digit() || c == '*' || c == '@'));
    tasks.any(|line| !line.contains("run-parts"))
}
