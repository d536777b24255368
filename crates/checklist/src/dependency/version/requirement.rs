//! Requirements of crates.io (`>= 1.2, < 2`, `^0.8.2`, `0.5`), as advisories use them: by plain order of versions. There a
//! pre-release is a version like others, while whoever resolves dependencies passes over it.

use semver::{BuildMetadata, Comparator, Op, Prerelease, Version, VersionReq};
use std::cmp::Ordering;

/// A requirement.
#[derive(Clone, Debug)]
pub struct Requirement(VersionReq);

impl Requirement {
    /// Reads one; `None` where it is none.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        VersionReq::parse(text).ok().map(Self)
    }

    /// Whether this version meets it.
    #[must_use]
    pub fn is_met_by(&self, version: &Version) -> bool {
        self.0.comparators.iter().all(|comparator| meets(comparator, version))
    }
}

impl std::fmt::Display for Requirement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

fn meets(comparator: &Comparator, version: &Version) -> bool {
    let lowest = lowest(comparator);
    let order = version.cmp_precedence(&lowest);
    match comparator.op {
        Op::Greater => match after(comparator) {
            Some(end) => version.cmp_precedence(&end) != Ordering::Less,
            None => order == Ordering::Greater,
        },
        Op::GreaterEq => order != Ordering::Less,
        Op::Less => order == Ordering::Less,
        Op::LessEq => match after(comparator) {
            Some(end) => version.cmp_precedence(&end) == Ordering::Less,
            None => order != Ordering::Greater,
        },
        Op::Exact | Op::Wildcard => match after(comparator) {
            Some(end) => order != Ordering::Less && version.cmp_precedence(&end) == Ordering::Less,
            None => order == Ordering::Equal,
        },
        Op::Tilde => order != Ordering::Less && is_before(version, tilde(comparator)),
        Op::Caret => order != Ordering::Less && is_before(version, caret(comparator)),
        // An operator of a later semver is nothing that an advisory has said yet.
        _ => false,
    }
}

fn is_before(version: &Version, (major, minor, patch): (u64, u64, u64)) -> bool {
    version.cmp_precedence(&first(major, minor, patch)) == Ordering::Less
}

/// The very first of a number, before all of its pre-releases.
fn first(major: u64, minor: u64, patch: u64) -> Version {
    let pre = Prerelease::new("0").unwrap_or(Prerelease::EMPTY);
    Version { major, minor, patch, pre, build: BuildMetadata::EMPTY }
}

fn lowest(comparator: &Comparator) -> Version {
    Version {
        major: comparator.major,
        minor: comparator.minor.unwrap_or(0),
        patch: comparator.patch.unwrap_or(0),
        pre: comparator.pre.clone(),
        build: BuildMetadata::EMPTY,
    }
}

/// The first version behind a comparator that leaves parts out.
fn after(comparator: &Comparator) -> Option<Version> {
    match (comparator.minor, comparator.patch) {
        (None, _) => Some(first(comparator.major.saturating_add(1), 0, 0)),
        (Some(minor), None) => Some(first(comparator.major, minor.saturating_add(1), 0)),
        (Some(_), Some(_)) => None,
    }
}

fn tilde(comparator: &Comparator) -> (u64, u64, u64) {
    match comparator.minor {
        None => (comparator.major.saturating_add(1), 0, 0),
        Some(minor) => (comparator.major, minor.saturating_add(1), 0),
    }
}

fn caret(comparator: &Comparator) -> (u64, u64, u64) {
    match (comparator.major, comparator.minor, comparator.patch) {
        (0, Some(0), Some(patch)) => (0, 0, patch.saturating_add(1)),
        (0, Some(minor), _) => (0, minor.saturating_add(1), 0),
        (major, _, _) => (major.saturating_add(1), 0, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requirement_takes_the_versions_that_it_names_and_no_others() {
        for (requirement, meet, fail) in [
            (">= 1.2.3", vec!["1.2.3", "2.0.0", "1.3.0-rc.1"], vec!["1.2.2", "1.2.3-rc.1"]),
            (">= 1.2.8, < 1.3.0", vec!["1.2.9"], vec!["1.3.0", "1.2.7"]),
            ("^0.8.2", vec!["0.8.2", "0.8.9"], vec!["0.9.0", "0.9.0-alpha", "0.8.1"]),
            ("0.54.2", vec!["0.54.2", "0.54.3"], vec!["0.55.0"]),
            ("^1", vec!["1.0.0", "1.9.9"], vec!["2.0.0"]),
            ("~1.2", vec!["1.2.0", "1.2.9"], vec!["1.3.0"]),
            ("=0.2.1", vec!["0.2.1"], vec!["0.2.2", "0.2.0"]),
            ("> 1.2", vec!["1.3.0"], vec!["1.2.5"]),
            ("<= 1.2", vec!["1.2.5"], vec!["1.3.0"]),
            ("*", vec!["0.0.1", "9.9.9"], vec![]),
        ] {
            let read = Requirement::read(requirement).unwrap();
            let met = |text: &str| read.is_met_by(&Version::parse(text).unwrap());
            assert!(meet.iter().all(|text| met(text)), "{requirement}");
            assert!(!fail.iter().any(|text| met(text)), "{requirement}");
        }
    }
}
