//! Programs that run: from which files, with which rights, and what they let everybody see.
//!
//! Arguments are read, for everybody can; only the names of those that carry a secret are kept.

use crate::machine::Machine;
use crate::machine::process::{Process, processes};
use serde::Serialize;
use std::collections::BTreeSet;

/// What was seen of running programs.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Running {
    /// Programs, each once for every way in which it runs.
    pub programs: Vec<Program>,
    /// Why some may be missing, or not fully seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<String>,
    /// Libraries that every program loads, by `/etc/ld.so.preload`.
    pub preloaded: Vec<String>,
}

/// A program that runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Program {
    /// Its file.
    pub path: String,
    /// That file is no more, or another one by now.
    pub replaced: bool,
    /// It runs as root.
    pub of_root: bool,
    /// It holds capabilities.
    pub capable: bool,
    /// What it starts gets no more rights than it has.
    pub no_new_privileges: bool,
    /// Its system calls are filtered.
    pub filtered: bool,
    /// Another program traces it.
    pub traced: bool,
    /// Libraries that it uses and that are no more on the disk.
    pub old_libraries: Vec<String>,
    /// Names of arguments that carry a secret.
    pub secret_arguments: Vec<String>,
    /// It was told to load a library before its own.
    pub preload: bool,
}

/// Looks at the programs that run. What is wrong with a program whose file may not be seen is not known either.
///
/// # Errors
/// There is no `/proc` with programs in it, in words.
pub fn look(machine: &Machine) -> Result<Running, String> {
    let processes = processes(machine)?;
    let programs: BTreeSet<Program> =
        processes.all.iter().filter_map(|process| program(machine, process)).collect();
    Ok(Running {
        programs: programs.into_iter().collect(),
        hidden: processes.hidden,
        preloaded: preloaded(machine),
    })
}

fn program(machine: &Machine, process: &Process) -> Option<Program> {
    let text =
        |file: &str| machine.text(&format!("proc/{}/{file}", process.id)).unwrap_or_default();
    Some(Program {
        path: process.program.clone()?,
        replaced: process.replaced,
        of_root: process.number("Uid") == Some(0),
        capable: process.bits("CapEff").is_some_and(|bits| bits != 0),
        no_new_privileges: process.number("NoNewPrivs") == Some(1),
        filtered: process.number("Seccomp").is_some_and(|mode| mode != 0),
        traced: process.number("TracerPid").is_some_and(|tracer| tracer != 0),
        old_libraries: old_libraries(&text("maps")),
        secret_arguments: secret_arguments(&text("cmdline")),
        preload: text("environ")
            .split('\0')
            .any(|one| one.strip_prefix("LD_PRELOAD=").is_some_and(|of| !of.is_empty())),
    })
}

/// Libraries among what is mapped whose files are gone.
fn old_libraries(maps: &str) -> Vec<String> {
    let gone = maps.lines().filter_map(|line| line.strip_suffix(" (deleted)"));
    let paths = gone.filter_map(|line| line.find('/').and_then(|at| line.get(at..)));
    let libraries = paths.filter(|path| path.ends_with(".so") || path.contains(".so."));
    libraries.map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect()
}

fn preloaded(machine: &Machine) -> Vec<String> {
    let text = machine.text("etc/ld.so.preload").unwrap_or_default();
    let lines = text.lines().filter_map(|line| line.split('#').next());
    lines.flat_map(str::split_whitespace).map(str::to_owned).collect()
}

/// Words in a name that say that its value is a secret.
const SECRET: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "api-key",
    "private-key",
    "credential",
];
/// Ends of names that say that the value is where the secret is, or something about it.
const ABOUT: &[&str] = &[
    "-file",
    "-path",
    "-dir",
    "-fd",
    "-id",
    "-name",
    "-type",
    "-ttl",
    "-length",
    "-url",
    "-endpoint",
    "-command",
];

/// The names of arguments with a secret: `--password=x`, `--token x`, `scheme://user:x@host`.
fn secret_arguments(line: &str) -> Vec<String> {
    let words: Vec<&str> = line.split('\0').skip(1).collect();
    let mut found = BTreeSet::new();
    for (at, word) in words.iter().enumerate() {
        if has_password(word) {
            found.insert("an address with a password".to_owned());
        }
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None if word.starts_with('-') => (*word, words.get(at + 1).copied()),
            None => continue,
        };
        if is_secret(name) && value.is_some_and(is_a_value) {
            found.insert(name.to_owned());
        }
    }
    found.into_iter().collect()
}

fn is_secret(name: &str) -> bool {
    let plain = name.to_lowercase().replace('_', "-");
    plain.len() < 60
        && SECRET.iter().any(|word| plain.contains(word))
        && !ABOUT.iter().any(|end| plain.ends_with(end))
        && plain.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.')
}

/// Not another option, a file, a variable, or a word that switches something.
fn is_a_value(value: &str) -> bool {
    !value.is_empty()
        && !value.starts_with(['-', '/', '.', '@', '$', '%'])
        && !matches!(value, "true" | "false" | "yes" | "no" | "on" | "off" | "none" | "prompt")
}

fn has_password(word: &str) -> bool {
    let Some((_, rest)) = word.split_once("://") else { return false };
    let host = rest.split('/').next().unwrap_or_default();
    let Some((user, _)) = host.rsplit_once('@') else { return false };
    user.split_once(':').is_some_and(|(_, password)| !password.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{old_libraries, secret_arguments};
    use proptest::prelude::*;

    #[test]
    fn a_secret_among_arguments_is_named_and_not_kept() {
        let found = |line: &str| secret_arguments(&line.replace(' ', "\0"));
        assert_eq!(found("a --password=hunter2 --port=1"), ["--password"]);
        assert_eq!(found("a --api-token abc API_KEY=x"), ["--api-token", "API_KEY"]);
        assert_eq!(found("a postgres://me:pw@db/x"), ["an address with a password"]);
        for clean in [
            "a --password-file=/x",
            "a --token /run/t",
            "a --password",
            "a https://h/x?y",
            "a --no-password --x",
        ] {
            assert!(found(clean).is_empty(), "{clean}");
        }
    }

    #[test]
    fn libraries_that_were_replaced_are_seen() {
        let maps = "7f00-7f01 r-xp 0 fe:00 1   /usr/lib/libssl.so.3 (deleted)\n7f00-7f01 rw-s 0 0:1 2 /memfd:x (deleted)\n";
        assert_eq!(old_libraries(maps), ["/usr/lib/libssl.so.3"]);
    }

    proptest! {
        #[test]
        fn no_arguments_make_it_panic(line in "(\\PC|\0|=|://|@){0,80}") {
            let _ = secret_arguments(&line);
        }
    }
}
