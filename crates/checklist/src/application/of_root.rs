//! What root runs, and who else could write it: a program, a folder on its way, a library's, a script's.

use crate::machine::Machine;
use crate::machine::process::processes;
use crate::machine::unit::{Unit, enabled};
use serde::Serialize;
use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;

/// What was seen of what root runs.
#[derive(Clone, Debug, Default, Serialize)]
pub struct OfRoot {
    /// How many paths were followed.
    #[serde(skip)]
    pub followed: usize,
    /// Those that others may write, with what makes it so.
    pub weak: Vec<Weak>,
}

/// Something that root runs and that others may write.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Weak {
    /// What root runs.
    pub path: String,
    /// What others may write: it, or a folder on the way.
    pub at: String,
    /// Why.
    pub why: &'static str,
}

/// Folders that root looks for programs, libraries and orders in.
const FOLDERS: [&str; 12] = [
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/bin",
    "/sbin",
    "/bin",
    "/lib",
    "/usr/lib",
    "/etc/systemd/system",
    "/etc/profile.d",
    "/etc/ld.so.conf.d",
    "/etc/init.d",
];
/// Files that root obeys.
const FILES: [&str; 5] =
    ["/etc/crontab", "/etc/ld.so.preload", "/etc/ld.so.conf", "/etc/profile", "/etc/rc.local"];
/// Folders whose files root runs by the clock.
const CLOCK: [&str; 5] =
    ["/etc/cron.d", "/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly"];

/// Follows all that root runs.
#[must_use]
pub fn look(machine: &Machine) -> OfRoot {
    let paths = paths(machine);
    let weak: BTreeSet<Weak> = paths.iter().filter_map(|path| weak(machine, path)).collect();
    OfRoot { followed: paths.len(), weak: weak.into_iter().collect() }
}

fn paths(machine: &Machine) -> BTreeSet<String> {
    let mut paths: BTreeSet<String> =
        FOLDERS.iter().chain(&FILES).map(|path| (*path).to_owned()).collect();
    for folder in CLOCK {
        let names = machine.names_in(folder.trim_start_matches('/'));
        paths.extend(names.iter().map(|name| format!("{folder}/{name}")));
    }
    for name in enabled(machine, "service") {
        if let Some(unit) = Unit::read(machine, &name).filter(Unit::is_of_root) {
            paths.extend(unit.programs());
            paths.insert(unit.path);
        }
    }
    if let Ok(running) = processes(machine) {
        let of_root = running.all.into_iter().filter(|process| process.number("Uid") == Some(0));
        paths.extend(of_root.filter_map(|process| process.program));
    }
    paths.retain(|path| machine.has(path.trim_start_matches('/')));
    paths
}

/// The first part of a path that others than root may write.
fn weak(machine: &Machine, path: &str) -> Option<Weak> {
    let real = machine.real(path);
    let (root, group) = machine.owner();
    let mut at = String::new();
    for part in real.split('/').filter(|part| !part.is_empty()) {
        at.push('/');
        at.push_str(part);
        let about = machine.about(at.trim_start_matches('/')).ok()?;
        let (mode, kept) = (about.mode(), about.is_dir() && about.mode() & 0o1000 != 0);
        let why = if about.uid() != root && !kept {
            "it belongs to another user than root"
        } else if mode & 0o002 != 0 && !kept {
            "everybody may write it"
        } else if mode & 0o020 != 0 && about.gid() != group && !kept {
            "a group may write it"
        } else {
            continue;
        };
        return Some(Weak { path: path.to_owned(), at, why });
    }
    None
}
