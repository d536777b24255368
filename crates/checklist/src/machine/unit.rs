//! What a machine starts by itself: units of systemd, and scripts of older ways to start.
//!
//! Of a unit's file only what rules its rights and what it runs is read. Drop-ins are read too; specifiers are left as they
//! are.

use crate::machine::Machine;
use std::collections::{BTreeMap, BTreeSet};

/// Where units lie, the strongest first.
const FOLDERS: [&str; 5] = [
    "etc/systemd/system",
    "run/systemd/system",
    "usr/local/lib/systemd/system",
    "usr/lib/systemd/system",
    "lib/systemd/system",
];

/// The names of units of this kind (`service`, `timer`, `socket`) that somebody enabled.
#[must_use]
pub fn enabled(machine: &Machine, kind: &str) -> Vec<String> {
    let mut found = BTreeSet::new();
    for folder in machine.names_in("etc/systemd/system") {
        if folder.ends_with(".wants") || folder.ends_with(".requires") {
            found.extend(machine.names_in(&format!("etc/systemd/system/{folder}")));
        }
    }
    found.retain(|name| name.rsplit_once('.').is_some_and(|(_, is)| is == kind));
    found.into_iter().collect()
}

/// Scripts that System V's or OpenRC's way to start would run, but for those that a unit of systemd stands in for.
#[must_use]
pub fn scripts(machine: &Machine) -> Vec<String> {
    let mut found = BTreeSet::new();
    for level in ["etc/rc2.d", "etc/rc3.d", "etc/rc4.d", "etc/rc5.d", "etc/rcS.d"] {
        let names = machine.names_in(level);
        let started = names.iter().filter_map(|name| name.strip_prefix('S'));
        found.extend(
            started.map(|name| name.trim_start_matches(|c: char| c.is_ascii_digit()).to_owned()),
        );
    }
    for level in machine.names_in("etc/runlevels") {
        found.extend(machine.names_in(&format!("etc/runlevels/{level}")));
    }
    let has_unit = |name: &String| {
        let unit = format!("{}.service", name.trim_end_matches(".sh"));
        FOLDERS.iter().any(|folder| {
            machine.link(&format!("{folder}/{unit}")).is_ok()
                || machine.has(&format!("{folder}/{unit}"))
        })
    };
    found.into_iter().filter(|name| !name.is_empty() && !has_unit(name)).collect()
}

/// A unit's file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unit {
    /// Where it lies.
    pub path: String,
    /// Values by name, in the order in which they were given.
    settings: BTreeMap<String, Vec<String>>,
}

impl Unit {
    /// Reads a unit and its drop-ins; of an instance, its template's.
    #[must_use]
    pub fn read(machine: &Machine, name: &str) -> Option<Self> {
        let file = template(name).unwrap_or_else(|| name.to_owned());
        let names = [name.to_owned(), file];
        let (path, text) = FOLDERS.iter().find_map(|folder| {
            names.iter().find_map(|name| {
                let path = format!("{folder}/{name}");
                machine.text(&path).ok().map(|text| (path, text))
            })
        })?;
        let mut unit = Self { path: machine.real(&path), settings: BTreeMap::new() };
        unit.take(&text);
        for folder in FOLDERS.iter().rev() {
            for name in &names {
                let folder = format!("{folder}/{name}.d");
                for part in machine.names_in(&folder).iter().filter(|part| part.ends_with(".conf"))
                {
                    unit.take(&machine.text(&format!("{folder}/{part}")).unwrap_or_default());
                }
            }
        }
        Some(unit)
    }

    /// Takes what a text says; an empty value forgets what was said before.
    fn take(&mut self, text: &str) {
        for line in text.replace("\\\n", " ").lines().map(str::trim) {
            let Some((name, value)) = line.split_once('=') else { continue };
            let (name, value) = (name.trim(), value.trim());
            if name.starts_with(['#', ';']) {
                continue;
            }
            let values = self.settings.entry(name.to_owned()).or_default();
            if value.is_empty() { values.clear() } else { values.push(value.to_owned()) }
        }
    }

    /// The last value of a name.
    #[must_use]
    pub fn last(&self, name: &str) -> Option<&str> {
        self.settings.get(name)?.last().map(String::as_str)
    }

    /// Whether it runs as root.
    #[must_use]
    pub fn is_of_root(&self) -> bool {
        let user = self.last("User").unwrap_or("root");
        matches!(user, "root" | "0") && self.last("DynamicUser").is_none_or(|is| !is_true(is))
    }

    /// The programs that it runs, by path.
    #[must_use]
    pub fn programs(&self) -> Vec<String> {
        let of = |name: &&str| self.settings.get(*name).cloned().unwrap_or_default();
        let lines = ["ExecStartPre", "ExecStart", "ExecStartPost", "ExecReload", "ExecStop"];
        let mut programs: Vec<String> =
            lines.iter().flat_map(of).filter_map(|line| program(&line)).collect();
        programs.sort();
        programs.dedup();
        programs
    }
}

/// The program of a command line, which may begin with signs that say how it is run.
fn program(line: &str) -> Option<String> {
    let word = line.split_whitespace().next()?.trim_start_matches(['-', '+', '!', ':', '@']);
    word.starts_with('/').then(|| word.to_owned())
}

fn is_true(value: &str) -> bool {
    matches!(value, "1" | "yes" | "true" | "on")
}

/// `getty@tty1.service` is made from `getty@.service`.
fn template(name: &str) -> Option<String> {
    let (before, rest) = name.split_once('@')?;
    let (_, kind) = rest.rsplit_once('.')?;
    Some(format!("{before}@.{kind}"))
}

#[cfg(test)]
mod tests {
    use super::{Unit, template};
    use proptest::prelude::*;

    #[test]
    fn what_is_said_last_counts_and_nothing_forgets() {
        let mut unit = Unit::default();
        unit.take("[Service]\nUser=a\nExecStart=-/bin/a \\\n b\nExecStart=\nExecStart=!/bin/c\n#User=root\nUser=b\n");
        assert_eq!(unit.programs(), ["/bin/c"]);
        assert!(!unit.is_of_root());
        assert_eq!(template("getty@tty1.service").unwrap(), "getty@.service");
    }

    proptest! {
        #[test]
        fn no_unit_makes_it_panic(text in "(\\PC|\n|=|\\\\){0,200}") {
            let mut unit = Unit::default();
            unit.take(&text);
            let _ = (unit.programs(), unit.is_of_root());
        }
    }
}
