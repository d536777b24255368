//! Versions, and which of two is the older one, by each ecosystem's own rules.
//!
//! crates.io and npm: Semantic Versioning 2.0, clause 11. Debian: deb-version(7).

mod debian;
mod requirement;

use super::component::Ecosystem;
use semver::Version;
use std::cmp::Ordering;

pub use requirement::Requirement;

/// Which of two versions is the older one; `None` where one of them is no version there.
#[must_use]
pub fn compare(ecosystem: Ecosystem, one: &str, other: &str) -> Option<Ordering> {
    match ecosystem {
        Ecosystem::Cargo | Ecosystem::Npm => Some(semantic(one)?.cmp_precedence(&semantic(other)?)),
        Ecosystem::Debian => Some(debian::compare(one, other)),
        Ecosystem::Firmware => Some(one.parse::<u64>().ok()?.cmp(&other.parse().ok()?)),
        Ecosystem::Other => None,
    }
}

/// A semantic version; as npm and OSV write them, with a `v` before it or with parts left out.
#[must_use]
pub fn semantic(text: &str) -> Option<Version> {
    let text = text.trim().trim_start_matches(['v', '=']);
    if let Ok(version) = Version::parse(text) {
        return Some(version);
    }
    let missing = 2usize.checked_sub(text.matches('.').count())?;
    Version::parse(&format!("{text}{}", ".0".repeat(missing))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(ecosystem: Ecosystem, ascending: &[&str]) {
        for (at, one) in ascending.iter().enumerate() {
            for (beside, other) in ascending.iter().enumerate() {
                let expected = Some(at.cmp(&beside));
                assert_eq!(compare(ecosystem, one, other), expected, "{one} and {other}");
            }
        }
    }

    #[test]
    fn semantic_versions_are_ordered_by_precedence() {
        let ascending = [
            "0.9.9",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.10.0",
        ];
        order(Ecosystem::Npm, &ascending);
        assert_eq!(compare(Ecosystem::Cargo, "1.0.0+one", "1.0.0+two"), Some(Ordering::Equal));
        assert_eq!(compare(Ecosystem::Npm, "1", "v1.0"), Some(Ordering::Equal));
        assert_eq!(compare(Ecosystem::Npm, "latest", "1.0.0"), None);
    }

    #[test]
    fn versions_of_debian_are_ordered_as_dpkg_does() {
        let ascending = [
            "0",
            "1.0~~",
            "1.0~~a",
            "1.0~rc1",
            "1.0",
            "1.0-1~bpo",
            "1.0-1",
            "1.0-1+deb12u1",
            "1.0-1+deb12u2",
            "1.0-1+deb12u10",
            "1.0a",
            "1.0+b1",
            "1.2",
            "1.10",
            "1:0.1",
            "2:0",
        ];
        order(Ecosystem::Debian, &ascending);
        for (one, other) in [("1.0", "1.0-0"), ("0:1", "1"), ("1.00", "1.0")] {
            assert_eq!(compare(Ecosystem::Debian, one, other), Some(Ordering::Equal));
        }
    }
}
