//! How the machine is logged in to from elsewhere: what its SSH server was told.
//!
//! The first value of a keyword counts (sshd_config(5)); values under `Match` count for some, and are all kept.

use crate::machine::Machine;
use serde::Serialize;
use std::collections::BTreeMap;

/// The deepest that files include others.
const DEPTH: usize = 8;
/// Keywords that are looked at, in lower case.
const KEYWORDS: &[&str] = &[
    "allowtcpforwarding",
    "ciphers",
    "gatewayports",
    "hostbasedauthentication",
    "kbdinteractiveauthentication",
    "kexalgorithms",
    "macs",
    "passwordauthentication",
    "permitemptypasswords",
    "permitrootlogin",
    "permituserenvironment",
    "protocol",
    "x11forwarding",
];

/// What was seen of remote login.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RemoteLogin {
    /// An SSH server is installed.
    pub server: bool,
    /// Values of keywords: the one that counts first, then those that count for some.
    pub settings: BTreeMap<String, Vec<String>>,
}

impl RemoteLogin {
    /// All values that a keyword has for somebody, or what it is where nothing is said.
    #[must_use]
    pub fn values<'a>(&'a self, keyword: &str, default: &'a str) -> Vec<&'a str> {
        match self.settings.get(keyword) {
            Some(values) => values.iter().map(String::as_str).collect(),
            None => vec![default],
        }
    }
}

/// Looks at what the SSH server was told.
///
/// # Errors
/// It cannot be read, in words.
pub fn look(machine: &Machine) -> Result<RemoteLogin, String> {
    let server = ["usr/sbin/sshd", "usr/local/sbin/sshd", "usr/sbin/dropbear", "usr/bin/sshd"]
        .iter()
        .any(|path| machine.has(path));
    let mut reading = Reading {
        machine,
        found: RemoteLogin { server, ..RemoteLogin::default() },
        matched: false,
    };
    if server && machine.has("etc/ssh/sshd_config") {
        reading.file("etc/ssh/sshd_config", DEPTH)?;
    }
    Ok(reading.found)
}

struct Reading<'a> {
    machine: &'a Machine,
    found: RemoteLogin,
    /// Under a `Match`.
    matched: bool,
}

impl Reading<'_> {
    fn file(&mut self, path: &str, depth: usize) -> Result<(), String> {
        let text = self
            .machine
            .text(path)
            .map_err(|error| format!("/{path} cannot be read ({error}): run as root"))?;
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
            self.line(line, depth)?;
        }
        Ok(())
    }

    fn line(&mut self, line: &str, depth: usize) -> Result<(), String> {
        let Some((keyword, value)) = line.split_once([' ', '\t', '=']) else { return Ok(()) };
        let (keyword, value) = (keyword.to_lowercase(), value.trim().trim_matches('"'));
        match keyword.as_str() {
            "match" => self.matched = !value.eq_ignore_ascii_case("all"),
            "include" if depth > 0 => self.include(value, depth - 1)?,
            known if KEYWORDS.contains(&known) => self.keep(known, value),
            _ => {}
        }
        Ok(())
    }

    fn keep(&mut self, keyword: &str, value: &str) {
        let values = self.found.settings.entry(keyword.to_owned()).or_default();
        if self.matched || values.is_empty() {
            values.push(value.to_lowercase());
        }
    }

    /// Names of files, where the last part may have stars. What is under a `Match` in one of them ends with it.
    fn include(&mut self, patterns: &str, depth: usize) -> Result<(), String> {
        let before = self.matched;
        for pattern in patterns.split_whitespace() {
            let pattern = pattern
                .strip_prefix('/')
                .map_or_else(|| format!("etc/ssh/{pattern}"), str::to_owned);
            let Some((folder, like)) = pattern.rsplit_once('/') else { continue };
            for name in self.machine.names_in(folder) {
                if crate::machine::is_like(like, &name) {
                    self.file(&format!("{folder}/{name}"), depth)?;
                    self.matched = before;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::look;
    use crate::machine::Machine;

    #[test]
    fn the_first_value_counts_and_what_is_for_some_is_kept() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("usr/sbin/sshd", "");
        write("etc/ssh/sshd_config.d/a.conf", "PermitRootLogin no\n");
        write(
            "etc/ssh/sshd_config",
            "Include /etc/ssh/sshd_config.d/*.conf\npermitrootlogin yes\nMatch User x\nPermitRootLogin yes\n",
        );
        let found = look(&Machine::at(root.path())).unwrap();
        assert_eq!(found.values("permitrootlogin", "?"), ["no", "yes"]);
        assert_eq!(found.values("protocol", "2"), ["2"]);
    }
}
