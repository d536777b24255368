//! Advisories: what is known against which versions of what.

pub mod osv;
pub mod rustsec;

use super::component::{Component, Ecosystem};
use super::version::{Requirement, compare, semantic};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// An advisory about one package.
#[derive(Clone, Debug)]
pub struct Advisory {
    /// Its id: `RUSTSEC-2023-0071`.
    pub id: String,
    /// The same in other databases, sorted.
    pub aliases: Vec<String>,
    /// What it is about, in a line.
    pub title: String,
    /// What kind of thing is known.
    pub kind: Kind,
    /// The day it was published, as `2023-11-22`.
    pub date: String,
    /// The base score of CVSS, 0 to 10, where it has one.
    pub score: Option<f64>,
    /// Whose it is.
    pub ecosystem: Ecosystem,
    /// The release of Debian that it is about; every one where it does not say.
    pub release: Option<String>,
    /// What it is about; of Debian's, the source package.
    pub package: String,
    /// Which versions.
    pub affects: Affects,
    /// Versions in which it is mended, as written.
    pub fixed: Vec<String>,
    /// Functions without which it does no harm, by path; none where it does not say.
    pub functions: Vec<String>,
    /// Operating systems, as Rust names them, on which it does harm; all where it does not say.
    pub systems: Vec<String>,
}

/// What kind of thing is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Somebody can do harm by it.
    Vulnerability,
    /// Safe code can break memory by it.
    Unsound,
    /// Nobody looks after it any more.
    Unmaintained,
    /// Worth knowing.
    Notice,
}

/// Which versions an advisory is about.
#[derive(Clone, Debug)]
pub enum Affects {
    /// All but those that meet one of these.
    AllBut(Vec<Requirement>),
    /// Those in one of the ranges, and those that are named.
    These {
        /// Each a list of events.
        ranges: Vec<Vec<Event>>,
        /// Named one by one.
        versions: Vec<String>,
    },
}

/// Where a range begins or ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// From this version on; from the first one where it is `0`.
    Introduced(String),
    /// Up to before this version.
    Fixed(String),
    /// Up to this version.
    LastAffected(String),
}

impl Advisory {
    /// Whether it is about this component. `release` is that of the Debian system which has it.
    #[must_use]
    pub fn is_about(&self, component: &Component, release: &str) -> bool {
        let (name, version) = component.advised();
        self.ecosystem == component.ecosystem
            && self.package == name
            && self.release.as_deref().is_none_or(|of| release.is_empty() || of == release)
            && self.affects.has(self.ecosystem, version)
    }
}

impl Affects {
    /// Whether this version is one of them. What is no version there counts as one: better to look than to miss.
    #[must_use]
    pub fn has(&self, ecosystem: Ecosystem, version: &str) -> bool {
        match self {
            Self::AllBut(requirements) => match semantic(version) {
                Some(version) => !requirements.iter().any(|one| one.is_met_by(&version)),
                None => true,
            },
            Self::These { ranges, versions } => {
                versions.iter().any(|one| one == version)
                    || ranges.iter().any(|range| is_within(range, ecosystem, version))
            }
        }
    }
}

/// The last event that is not after a version tells.
fn is_within(events: &[Event], ecosystem: Ecosystem, version: &str) -> bool {
    let is_at_least = |bound: &str| {
        bound == "0" || compare(ecosystem, version, bound).is_none_or(Ordering::is_ge)
    };
    let is_after = |bound: &str| compare(ecosystem, version, bound) == Some(Ordering::Greater);
    let mut begun: Option<&str> = None;
    let mut ended: Option<&str> = None;
    for event in events {
        match event {
            Event::Introduced(at) if is_at_least(at) => latest(&mut begun, at, ecosystem),
            Event::Fixed(at) if compare(ecosystem, version, at).is_some_and(Ordering::is_ge) => {
                latest(&mut ended, at, ecosystem);
            }
            Event::LastAffected(at) if is_after(at) => latest(&mut ended, at, ecosystem),
            _ => {}
        }
    }
    match (begun, ended) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(begun), Some(ended)) => {
            begun != "0" && compare(ecosystem, begun, ended) == Some(Ordering::Greater)
        }
    }
}

fn latest<'a>(seen: &mut Option<&'a str>, at: &'a str, ecosystem: Ecosystem) {
    let is_later =
        |before: &str| before == "0" || compare(ecosystem, at, before).is_some_and(Ordering::is_gt);
    if seen.is_none_or(is_later) {
        *seen = Some(at);
    }
}

/// The base score of a vector of CVSS 3 or 4.
#[must_use]
pub fn score(vector: &str) -> Option<f64> {
    let score = vector.parse::<cvss::Cvss>().ok()?.score();
    // A tenth is all the precision there is.
    Some((score * 10.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(events: &[(&str, &str)]) -> Affects {
        let event = |(kind, at): &(&str, &str)| match *kind {
            "introduced" => Event::Introduced((*at).into()),
            "fixed" => Event::Fixed((*at).into()),
            _ => Event::LastAffected((*at).into()),
        };
        Affects::These { ranges: vec![events.iter().map(event).collect()], versions: vec![] }
    }

    #[test]
    fn a_range_holds_from_where_it_begins_to_before_where_it_is_mended() {
        let twice = range(&[
            ("introduced", "1.0.0"),
            ("fixed", "1.2.0"),
            ("introduced", "2.0.0"),
            ("fixed", "2.1.0"),
        ]);
        for (version, is) in [
            ("0.9.0", false),
            ("1.0.0", true),
            ("1.2.0-rc.1", true),
            ("1.2.0", false),
            ("1.9.0", false),
            ("2.0.5", true),
            ("2.1.0", false),
            ("3.0.0", false),
        ] {
            assert_eq!(twice.has(Ecosystem::Npm, version), is, "{version}");
        }
        let last = range(&[("introduced", "0"), ("last", "1.5")]);
        assert!(last.has(Ecosystem::Debian, "1.5") && last.has(Ecosystem::Debian, "0~a"));
        assert!(!last.has(Ecosystem::Debian, "1.5-1"));
        assert!(range(&[("introduced", "0")]).has(Ecosystem::Debian, "9"));
    }

    #[test]
    fn the_score_of_a_vector_is_that_of_its_specification() {
        assert_eq!(score("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"), Some(9.8));
        assert_eq!(score("CVSS:3.0/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H"), Some(8.1));
        assert!(score("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N").is_some());
        assert_eq!(score("dreadful"), None);
    }
}
