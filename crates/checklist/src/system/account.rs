//! Accounts of the machine and the files that say who may be whom. Passwords are seen by their kind alone: no hash is kept.

use crate::machine::Machine;
use serde::Serialize;
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;

/// What was seen of accounts.
#[derive(Clone, Debug, Serialize)]
pub struct Accounts {
    /// All, in the order of their names.
    pub all: Vec<Account>,
    /// Why passwords were not seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passwords_hidden: Option<String>,
    /// Files that say who may be whom.
    pub files: Vec<Guarded>,
    /// Home folders of accounts that can be logged in to by their shell.
    pub homes: Vec<Home>,
    /// Rules by which somebody becomes root without a password, or why they were not seen.
    pub sudo: Result<Vec<String>, String>,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// Its number.
    pub uid: u32,
    /// The program that it is logged in to.
    pub shell: String,
    /// Its password's kind, where that may be seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Password>,
}

/// What kind of password an account has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Password {
    /// None is asked for.
    Empty,
    /// None is taken.
    Locked,
    /// One that is kept by this method of crypt(3).
    Kept(&'static str),
}

/// A file that says who may be whom.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Guarded {
    /// Where.
    pub path: String,
    /// Who may what with it, in octal digits.
    pub mode: String,
    /// Whether root owns it.
    pub of_root: bool,
    /// Whether everybody may read it, as it should be or not.
    pub public: bool,
}

/// The home folder of an account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Home {
    /// Whose.
    pub account: String,
    /// Others may look into it.
    pub readable: bool,
    /// Others may write into it, or it is another's.
    pub writable: bool,
}

impl Account {
    /// Whether somebody may log in to it, by its shell.
    #[must_use]
    pub fn has_shell(&self) -> bool {
        let name = self.shell.rsplit('/').next().unwrap_or_default();
        !matches!(name, "nologin" | "false" | "true" | "sync" | "halt" | "shutdown")
    }

    /// Whether a password lets somebody in.
    #[must_use]
    pub fn takes_a_password(&self) -> bool {
        matches!(self.password, Some(Password::Empty | Password::Kept(_)))
    }
}

/// Files that say who may be whom, and whether everybody may read them.
const FILES: &[(&str, bool)] = &[
    ("etc/crontab", true),
    ("etc/group", true),
    ("etc/group-", true),
    ("etc/gshadow", false),
    ("etc/gshadow-", false),
    ("etc/passwd", true),
    ("etc/passwd-", true),
    ("etc/security/opasswd", false),
    ("etc/shadow", false),
    ("etc/shadow-", false),
    ("etc/ssh/sshd_config", true),
    ("etc/sudoers", false),
];

/// Looks at accounts.
///
/// # Errors
/// There is no `/etc/passwd`, in words.
pub fn look(machine: &Machine) -> Result<Accounts, String> {
    let passwd = machine.text("etc/passwd").map_err(|error| {
        format!("/etc/passwd cannot be read ({error}): is this a Linux system?")
    })?;
    let shadow = machine.text("etc/shadow");
    let kinds = passwords(shadow.as_deref().unwrap_or_default());
    let mut all: Vec<Account> = passwd.lines().filter_map(|line| account(line, &kinds)).collect();
    all.sort();
    Ok(Accounts {
        all,
        passwords_hidden: shadow
            .err()
            .filter(|_| machine.has("etc/shadow"))
            .map(|error| format!("/etc/shadow cannot be read ({error}): run as root")),
        files: files(machine),
        homes: homes(machine, &passwd),
        sudo: sudo(machine),
    })
}

/// A line of passwd. An `x` there says that the password is in shadow.
fn account(line: &str, kinds: &BTreeMap<&str, Password>) -> Option<Account> {
    let fields: Vec<&str> = line.split(':').collect();
    let [name, password, uid, _, _, _, shell] = fields.as_slice() else { return None };
    let password = match *password {
        "x" => kinds.get(name).cloned(),
        own => Some(kind(own)),
    };
    Some(Account {
        name: (*name).to_owned(),
        uid: uid.parse().ok()?,
        shell: if shell.is_empty() { "/bin/sh".into() } else { (*shell).to_owned() },
        password,
    })
}

/// Folders that are shared with the system's own files are nobody's home.
fn homes(machine: &Machine, passwd: &str) -> Vec<Home> {
    let home = |line: &str| {
        let fields: Vec<&str> = line.split(':').collect();
        let [name, _, _, _, _, folder, _] = fields.as_slice() else { return None };
        let account = account(line, &BTreeMap::new()).filter(Account::has_shell)?;
        let is_home = folder.starts_with("/home/")
            || folder.starts_with("/root")
            || folder.starts_with("/Users/");
        let about = machine.about(folder.trim_start_matches('/')).ok().filter(|_| is_home)?;
        let (owner, _) = machine.owner();
        Some(Home {
            account: (*name).to_owned(),
            readable: about.mode() & 0o007 != 0,
            writable: about.mode() & 0o002 != 0 || ![account.uid, owner].contains(&about.uid()),
        })
    };
    let mut homes: Vec<Home> = passwd.lines().filter_map(home).collect();
    homes.sort();
    homes
}

fn passwords(shadow: &str) -> BTreeMap<&str, Password> {
    shadow
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(':');
            Some((fields.next()?, kind(fields.next()?)))
        })
        .collect()
}

/// Kinds of crypt(3), by how what they keep begins.
const METHODS: &[(&str, &str)] = &[
    ("$gy$", "gost-yescrypt"),
    ("$y$", "yescrypt"),
    ("$7$", "scrypt"),
    ("$6$", "sha512crypt"),
    ("$5$", "sha256crypt"),
    ("$2", "bcrypt"),
    ("$argon2", "argon2"),
    ("$sha1", "sha1crypt"),
    ("$md5", "sunmd5"),
    ("$1$", "md5crypt"),
    ("$3$", "nt"),
    ("_", "bsdicrypt"),
];

fn kind(kept: &str) -> Password {
    match kept.bytes().next() {
        None => Password::Empty,
        Some(b'!' | b'*') => Password::Locked,
        Some(_) => {
            let method = METHODS.iter().find(|(begins, _)| kept.starts_with(begins));
            Password::Kept(method.map_or("descrypt", |(_, name)| name))
        }
    }
}

fn files(machine: &Machine) -> Vec<Guarded> {
    let mut files: Vec<Guarded> =
        FILES.iter().filter_map(|(path, public)| guarded(machine, path, *public)).collect();
    let is_key = |name: &String| name.starts_with("ssh_host_") && name.ends_with("_key");
    for name in machine.names_in("etc/ssh").into_iter().filter(is_key) {
        files.extend(guarded(machine, &format!("etc/ssh/{name}"), false));
    }
    for name in machine.names_in("etc/sudoers.d") {
        files.extend(guarded(machine, &format!("etc/sudoers.d/{name}"), false));
    }
    files.sort();
    files
}

fn guarded(machine: &Machine, path: &str, public: bool) -> Option<Guarded> {
    let about = machine.about(path).ok()?;
    Some(Guarded {
        path: format!("/{path}"),
        mode: format!("{:03o}", about.mode() & 0o777),
        of_root: about.uid() == machine.owner().0,
        public,
    })
}

/// Rules with NOPASSWD, by who they are for.
fn sudo(machine: &Machine) -> Result<Vec<String>, String> {
    if !machine.has("etc/sudoers") {
        return Ok(Vec::new());
    }
    let unread = |path: &str, error: std::io::Error| {
        format!("/{path} cannot be read ({error}): run as root")
    };
    let mut texts =
        vec![machine.text("etc/sudoers").map_err(|error| unread("etc/sudoers", error))?];
    for name in machine.list("etc/sudoers.d").unwrap_or_default() {
        let path = format!("etc/sudoers.d/{name}");
        // sudo itself passes these over.
        if !name.contains('.') && !name.ends_with('~') {
            texts.push(machine.text(&path).map_err(|error| unread(&path, error))?);
        }
    }
    let lines = texts.iter().flat_map(|text| text.lines()).map(str::trim);
    let mut free: Vec<String> = lines
        .filter(|line| !line.starts_with('#') && line.contains("NOPASSWD"))
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect();
    free.sort();
    free.dedup();
    Ok(free)
}

#[cfg(test)]
mod tests {
    use super::{Password, account, kind};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_password_is_known_by_its_kind_alone() {
        for (kept, is) in [
            ("", Password::Empty),
            ("!$6$x$y", Password::Locked),
            ("*", Password::Locked),
            ("$y$j9T$a$b", Password::Kept("yescrypt")),
            ("$1$a$b", Password::Kept("md5crypt")),
            ("ab01FAX.bQRSU", Password::Kept("descrypt")),
        ] {
            assert_eq!(kind(kept), is, "{kept}");
        }
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line in "([a-z0-9]*:){0,8}\\PC{0,20}") {
            let _ = account(&line, &BTreeMap::new());
        }
    }
}
