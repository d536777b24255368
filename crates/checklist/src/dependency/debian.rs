//! A root of Debian: which packages `dpkg` has installed, which release it is, and where new packages may come from.

mod sources;
mod support;

use super::component::{Bom, Component, Ecosystem, Origin};
use super::{file, purl};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

pub use sources::Sources;
pub use support::supported_until;

/// A Debian system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Debian {
    /// `ID` of `os-release`: `debian`.
    pub system: String,
    /// `VERSION_ID`: `12`.
    pub release: String,
    /// `VERSION_CODENAME`: `bookworm`.
    pub codename: String,
    /// What is installed.
    pub bom: Bom,
    /// Packages that are neither whole nor gone: `name (half-configured)`.
    pub unfinished: Vec<String>,
    /// Where new packages come from.
    pub sources: Sources,
}

/// Looks at a root.
///
/// # Errors
/// It is not Debian's, or the list of packages cannot be read.
pub fn look(root: &Path) -> Result<Debian, String> {
    let status = file::bytes(&root.join("var/lib/dpkg/status"))
        .map_err(|why| format!("no packages of Debian: {why}"))?;
    let status = String::from_utf8_lossy(&status);
    let release = file::text(&root.join("etc/os-release"))
        .or_else(|_| file::text(&root.join("usr/lib/os-release")))
        .unwrap_or_default();
    let word = |key: &str| assigned(&release, key);
    let (system, release, codename) = (word("ID"), word("VERSION_ID"), word("VERSION_CODENAME"));
    let (components, unfinished) = packages(&status, &release);
    let mut bom = Bom { subject: system.clone(), version: release.clone(), components };
    bom.settle();
    Ok(Debian { system, release, codename, bom, unfinished, sources: Sources::look(root) })
}

/// `KEY=value` or `KEY="value"`.
fn assigned(text: &str, key: &str) -> String {
    let value = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    value.unwrap_or_default().trim().trim_matches('"').to_owned()
}

/// The packages of a `status` file, and those that are neither whole nor gone.
#[must_use]
pub fn packages(status: &str, release: &str) -> (Vec<Component>, Vec<String>) {
    let (mut installed, mut unfinished) = (BTreeMap::new(), BTreeSet::new());
    for stanza in status.split("\n\n") {
        let fields = fields(stanza);
        let (Some(name), Some(state)) = (fields.get("Package"), fields.get("Status")) else {
            continue;
        };
        match state.split_ascii_whitespace().nth(2).unwrap_or_default() {
            "installed" => {
                installed.insert(*name, fields);
            }
            "not-installed" | "config-files" | "" => {}
            other => {
                unfinished.insert(format!("{name} ({other})"));
            }
        }
    }
    let purls: BTreeMap<&str, String> =
        installed.iter().map(|(name, fields)| (*name, purl_of(name, fields, release))).collect();
    let components = installed.iter().map(|(name, fields)| component(name, fields, &purls));
    (components.collect(), unfinished.into_iter().collect())
}

/// The fields of a stanza, each by its first line.
fn fields(stanza: &str) -> BTreeMap<&str, &str> {
    let lines = stanza.lines().filter(|line| !line.starts_with([' ', '\t']));
    lines.filter_map(|line| line.split_once(':')).map(|(key, value)| (key, value.trim())).collect()
}

fn purl_of(name: &str, fields: &BTreeMap<&str, &str>, release: &str) -> String {
    let arch = fields.get("Architecture").copied().unwrap_or("all");
    let version = fields.get("Version").copied().unwrap_or_default();
    let distro = format!("debian-{release}");
    let more = [("arch", arch), ("distro", distro.as_str())];
    let more = if release.is_empty() { more.get(..1) } else { more.get(..2) };
    purl::write(Ecosystem::Debian, name, version, more.unwrap_or_default())
}

fn component(
    name: &str,
    fields: &BTreeMap<&str, &str>,
    purls: &BTreeMap<&str, String>,
) -> Component {
    let version = fields.get("Version").copied().unwrap_or_default();
    let mut component = Component::new(Ecosystem::Debian, name, version);
    component.purl = purls.get(name).cloned().unwrap_or_default();
    component.origin = Origin::Registry;
    component.source = Some(source(name, version, fields.get("Source").copied()));
    let lists = ["Pre-Depends", "Depends"].into_iter().filter_map(|key| fields.get(key));
    let alternatives = lists.flat_map(|list| list.split(','));
    let found =
        alternatives.filter_map(|list| list.split('|').find_map(|one| purls.get(bare(one))));
    component.needs = found.cloned().collect();
    component.needs.sort();
    component.needs.dedup();
    component
}

/// `libc6 (>= 2.36)`, `python3:any`: the name.
fn bare(text: &str) -> &str {
    text.trim().split([' ', '(', ':']).next().unwrap_or_default()
}

/// `Source: openssl (3.0.15-1)`; what is not said is as the package has it.
fn source(name: &str, version: &str, field: Option<&str>) -> (String, String) {
    let Some(field) = field else { return (name.into(), version.into()) };
    let (source, rest) = field.split_once(' ').unwrap_or((field, ""));
    let of = rest.trim().trim_matches(['(', ')']);
    (source.into(), if of.is_empty() { version.into() } else { of.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_known_by_their_source_and_what_they_need() {
        let status = "Package: libssl3\nStatus: install ok installed\nArchitecture: amd64\n\
            Source: openssl (3.0.15-1)\nVersion: 3.0.15-1+b1\nDepends: nothing | libc6 (>= 2.34), x\n\n\
            Package: libc6\nStatus: install ok installed\nVersion: 2.36-9\nDescription: C\n more\n\n\
            Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n\
            Package: torn\nStatus: install reinstreq half-installed\nVersion: 1\n";
        let (components, unfinished) = packages(status, "12");
        let [libc, ssl] = components.as_slice() else { panic!("{components:?}") };
        assert_eq!(ssl.advised(), ("openssl", "3.0.15-1"));
        assert!(ssl.needs.iter().eq([&libc.purl]));
        assert_eq!(ssl.purl, "pkg:deb/debian/libssl3@3.0.15-1%2Bb1?arch=amd64&distro=debian-12");
        assert_eq!(unfinished, ["torn (half-installed)"]);
    }
}
