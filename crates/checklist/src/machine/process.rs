//! The programs that run on a machine, as its `/proc` tells of them. Threads of the kernel are left out, and so are this
//! program and what it started: a run is no part of the product that it looks at.

use crate::machine::Machine;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;

/// What is at the end of the name of a program whose file is gone.
const DELETED: &str = " (deleted)";

/// A program that runs.
#[derive(Clone, Debug)]
pub struct Process {
    /// Its number. Never evidence: it differs from run to run.
    pub id: u32,
    /// The file that it was started from, where that may be seen.
    pub program: Option<String>,
    /// That file is no more, or is another one by now.
    pub replaced: bool,
    /// Its network namespace, as the kernel writes it, where that may be seen.
    pub network: Option<String>,
    /// The sockets that it has open, by inode, where that may be seen.
    pub sockets: Option<Vec<u64>>,
    /// `/proc/ID/status`, by name.
    pub status: BTreeMap<String, String>,
}

/// All programs that run.
#[derive(Clone, Debug, Default)]
pub struct Processes {
    /// By number.
    pub all: Vec<Process>,
    /// Why of some of them not all could be seen.
    pub hidden: Option<String>,
    /// Sockets of this program and of what it started, by inode.
    pub own_sockets: BTreeSet<u64>,
}

impl Process {
    /// The number after a name in `status`: the effective one of four for `Uid`.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u64> {
        let mut words = self.status.get(name)?.split_whitespace();
        let word = if name == "Uid" { words.nth(1) } else { words.next() };
        word?.parse().ok()
    }

    /// A set of bits after a name in `status`.
    #[must_use]
    pub fn bits(&self, name: &str) -> Option<u64> {
        u64::from_str_radix(self.status.get(name)?, 16).ok()
    }

    fn parent(&self) -> Option<u32> {
        self.number("PPid").and_then(|id| u32::try_from(id).ok())
    }
}

/// All programs that run on a machine.
///
/// # Errors
/// `/proc` is not there, in words.
pub fn processes(machine: &Machine) -> Result<Processes, String> {
    let names = machine.list("proc").map_err(|error| {
        format!("/proc cannot be read ({error}): run where the target runs, with /proc mounted")
    })?;
    let ids = names.iter().filter_map(|name| name.parse().ok());
    let mut found = Processes {
        all: ids.filter_map(|id| process(machine, id)).collect(),
        ..Processes::default()
    };
    if found.all.is_empty() {
        return Err("no program runs under this root: it is a system that is not started".into());
    }
    if machine.is_this_one() {
        let ours = taken_out(&mut found.all, std::process::id());
        found.own_sockets =
            ours.iter().flat_map(|one| one.sockets.iter().flatten()).copied().collect();
    }
    found.hidden = hidden(&found.all);
    Ok(found)
}

/// Why of some programs not all could be seen. Root is told which they are; others would be told of most.
fn hidden(all: &[Process]) -> Option<String> {
    let unseen =
        all.iter().filter(|process| process.program.is_none() || process.sockets.is_none());
    let names: BTreeSet<&str> =
        unseen.filter_map(|process| process.status.get("Name")).map(String::as_str).collect();
    let is_root = fs::metadata("/proc/self").is_ok_and(|about| about.uid() == 0);
    match (names.is_empty(), is_root) {
        (true, _) => None,
        (false, false) => Some(
            "what programs of other users are and hold is only shown to root: run as root".into(),
        ),
        (false, true) => {
            let names = names.into_iter().collect::<Vec<_>>().join(", ");
            Some(format!(
                "the kernel shows not even root what {names} is and holds: look from the machine around this one"
            ))
        }
    }
}

/// One program; `None` for what ended meanwhile, and for threads of the kernel.
fn process(machine: &Machine, id: u32) -> Option<Process> {
    let at = |file: &str| format!("proc/{id}/{file}");
    let status = fields(&machine.text(&at("status")).ok()?);
    let program = match machine.link(&at("exe")) {
        Ok(program) => Some(program),
        Err(error) if error.kind() == ErrorKind::NotFound => return None,
        Err(_) if machine.text(&at("cmdline")).ok()?.is_empty() => return None,
        Err(_) => None,
    };
    let replaced = program.as_deref().is_some_and(|program| program.ends_with(DELETED));
    Some(Process {
        id,
        program: program.map(|program| lasting(program.trim_end_matches(DELETED))),
        replaced,
        network: machine.link(&at("ns/net")).ok(),
        sockets: sockets(machine, &at("fd")),
        status,
    })
}

/// A program that lies in memory alone has a name of the moment.
fn lasting(program: &str) -> String {
    if program.starts_with("/memfd:") { "/memfd:*".into() } else { program.to_owned() }
}

/// `Name: value` lines, by name.
fn fields(status: &str) -> BTreeMap<String, String> {
    status
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect()
}

fn sockets(machine: &Machine, folder: &str) -> Option<Vec<u64>> {
    let open = machine.list(folder).ok()?;
    let inode = |name: &String| {
        let to = machine.link(&format!("{folder}/{name}")).ok()?;
        to.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
    };
    Some(open.iter().filter_map(inode).collect())
}

/// Takes out a process and all that it started.
fn taken_out(all: &mut Vec<Process>, own: u32) -> Vec<Process> {
    let mut ours = BTreeSet::from([own]);
    loop {
        let before = ours.len();
        let started: Vec<u32> = all
            .iter()
            .filter(|process| process.parent().is_some_and(|parent| ours.contains(&parent)))
            .map(|process| process.id)
            .collect();
        ours.extend(started);
        if ours.len() == before {
            break;
        }
    }
    all.extract_if(.., |process| ours.contains(&process.id)).collect()
}

#[cfg(test)]
mod tests {
    use super::{Process, fields, taken_out};

    fn process(id: u32, parent: u32) -> Process {
        Process {
            id,
            program: None,
            replaced: false,
            network: None,
            sockets: None,
            status: fields(&format!("Name:\tx\nPPid:\t{parent}\nUid:\t1\t2\t3\t4\n")),
        }
    }

    #[test]
    fn a_run_is_no_part_of_what_it_looks_at() {
        let mut all = vec![process(5, 9), process(7, 1), process(8, 5), process(9, 1)];
        assert_eq!(taken_out(&mut all, 9).len(), 3);
        assert_eq!(all.iter().map(|process| process.id).collect::<Vec<_>>(), [7]);
    }

    #[test]
    fn rights_are_those_in_effect() {
        assert_eq!(process(1, 1).number("Uid"), Some(2));
    }
}
