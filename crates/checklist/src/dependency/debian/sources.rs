//! Where a Debian system takes new packages from, and whether it believes only what is signed.

use crate::dependency::file;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Where new packages come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sources {
    /// Whether there is any source at all.
    pub any: bool,
    /// Whether the archive of security updates is one of them.
    pub security: bool,
    /// Lines that take packages which nobody signed: `file: what it says`.
    pub unsigned: Vec<String>,
}

/// Settings of apt that take what nobody signed.
const CARELESS: [&str; 3] = [
    "APT::Get::AllowUnauthenticated",
    "Acquire::AllowInsecureRepositories",
    "Acquire::AllowDowngradeToInsecureRepositories",
];

impl Sources {
    /// Looks at a root's `etc/apt`.
    #[must_use]
    pub fn look(root: &Path) -> Self {
        let mut sources = Self::default();
        let apt = root.join("etc/apt");
        for path in files(&apt, "sources.list", "sources.list.d") {
            let Ok(text) = file::text(&path) else { continue };
            match path.extension().and_then(|end| end.to_str()) {
                Some("list") => text.lines().for_each(|line| sources.line(&path, root, line)),
                Some("sources") => {
                    text.split("\n\n").for_each(|one| sources.stanza(&path, root, one))
                }
                _ => {}
            }
        }
        for path in files(&apt, "apt.conf", "apt.conf.d") {
            let Ok(text) = file::text(&path) else { continue };
            text.lines().for_each(|line| sources.setting(&path, root, line));
        }
        sources.unsigned.sort();
        sources.unsigned.dedup();
        sources
    }

    /// `deb [trusted=yes] http://… bookworm-security main`
    fn line(&mut self, path: &Path, root: &Path, line: &str) {
        let line = line.split('#').next().unwrap_or_default().trim();
        if !line.starts_with("deb ") && !line.starts_with("deb\t") {
            return;
        }
        self.any = true;
        self.security |= line.contains("-security") || line.contains("/updates");
        let options = line.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
        let options = options.map(|(options, _)| options.to_ascii_lowercase()).unwrap_or_default();
        for careless in ["trusted=yes", "allow-insecure=yes", "allow-weak=yes"] {
            if options.contains(careless) {
                self.unsigned.push(said(path, root, careless));
            }
        }
    }

    /// `Types: deb`, `Suites: bookworm-security`, a line each.
    fn stanza(&mut self, path: &Path, root: &Path, stanza: &str) {
        let lines = stanza.lines().filter(|line| !line.starts_with('#'));
        let fields = lines.filter_map(|line| line.split_once(':'));
        let fields: Vec<(String, &str)> =
            fields.map(|(key, value)| (key.trim().to_ascii_lowercase(), value.trim())).collect();
        let of = |key: &str| fields.iter().find(|(name, _)| name == key).map(|(_, value)| *value);
        let off = of("enabled").is_some_and(|value| value.eq_ignore_ascii_case("no"));
        if off
            || !of("types")
                .is_some_and(|types| types.split_ascii_whitespace().any(|one| one == "deb"))
        {
            return;
        }
        self.any = true;
        self.security |= of("suites").is_some_and(|suites| suites.contains("-security"));
        for careless in ["trusted", "allow-insecure", "allow-weak"] {
            if of(careless).is_some_and(|value| value.eq_ignore_ascii_case("yes")) {
                self.unsigned.push(said(path, root, &format!("{careless}=yes")));
            }
        }
    }

    fn setting(&mut self, path: &Path, root: &Path, line: &str) {
        let line = line.split("//").next().unwrap_or_default();
        let (key, value) = line.trim().split_once(' ').unwrap_or_default();
        let value = value.trim().trim_matches([';', '"', ' ']).to_ascii_lowercase();
        let on = ["1", "true", "yes", "on"].contains(&value.as_str());
        let careless = CARELESS.iter().find(|name| name.eq_ignore_ascii_case(key));
        if let Some(name) = careless.filter(|_| on) {
            self.unsigned.push(said(path, root, name));
        }
    }
}

fn files(apt: &Path, one: &str, folder: &str) -> Vec<PathBuf> {
    let mut files = vec![apt.join(one)];
    files.extend(file::below(&apt.join(folder), 0, |_| false));
    files.retain(|path| path.is_file());
    files
}

fn said(path: &Path, root: &Path, what: &str) -> String {
    let name = path.strip_prefix(root).unwrap_or(path);
    format!("/{}: {what}", name.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_sources_and_the_settings_are_read() {
        let root = tempfile::tempdir().unwrap();
        let apt = root.path().join("etc/apt");
        std::fs::create_dir_all(apt.join("sources.list.d")).unwrap();
        std::fs::create_dir_all(apt.join("apt.conf.d")).unwrap();
        std::fs::write(
            apt.join("sources.list"),
            "#deb http://x y-security main\ndeb [trusted=yes] http://x y main\n",
        )
        .unwrap();
        assert!(!Sources::look(root.path()).security);
        std::fs::write(
            apt.join("sources.list.d/more.sources"),
            "Types: deb\nSuites: y-security\nAllow-Insecure: yes\n",
        )
        .unwrap();
        std::fs::write(
            apt.join("apt.conf.d/99x"),
            "APT::Get::AllowUnauthenticated \"true\"; // why\n",
        )
        .unwrap();
        let sources = Sources::look(root.path());
        assert!(sources.any && sources.security);
        assert_eq!(
            sources.unsigned,
            [
                "/etc/apt/apt.conf.d/99x: APT::Get::AllowUnauthenticated",
                "/etc/apt/sources.list.d/more.sources: allow-insecure=yes",
                "/etc/apt/sources.list: trusted=yes",
            ]
        );
    }
}
