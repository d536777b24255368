//! Advisories in the Open Source Vulnerability format, schema 1: an object of JSON each, about several packages perhaps.

use super::{Advisory, Affects, Event, Kind, rustsec};
use crate::dependency::component::Ecosystem;
use serde::Deserialize;

#[derive(Deserialize)]
struct Entry {
    id: String,
    #[serde(default)]
    summary: String,
    #[serde(default)]
    published: String,
    #[serde(default)]
    modified: String,
    withdrawn: Option<String>,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    upstream: Vec<String>,
    #[serde(default)]
    severity: Vec<Severity>,
    #[serde(default)]
    affected: Vec<Affected>,
}

#[derive(Deserialize)]
struct Severity {
    #[serde(default)]
    score: String,
}

#[derive(Deserialize)]
struct Affected {
    package: Option<Package>,
    #[serde(default)]
    ranges: Vec<Range>,
    #[serde(default)]
    versions: Vec<String>,
    #[serde(default)]
    severity: Vec<Severity>,
    #[serde(default)]
    database_specific: Specific,
    #[serde(default)]
    ecosystem_specific: Specific,
}

#[derive(Deserialize)]
struct Package {
    ecosystem: String,
    name: String,
}

#[derive(Deserialize)]
struct Range {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    events: Vec<At>,
}

#[derive(Deserialize)]
struct At {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
}

/// What copies of RustSec's advisories say beyond the schema.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Specific {
    informational: Option<String>,
    affects: Reaching,
    affected_functions: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Reaching {
    os: Vec<String>,
    functions: Vec<String>,
}

/// Reads an entry: an advisory for each package of an ecosystem that is known here; none where it was withdrawn.
///
/// # Errors
/// It is none: a sentence.
pub fn read(bytes: &[u8]) -> Result<Vec<Advisory>, String> {
    let entry: Entry = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if entry.withdrawn.is_some() {
        return Ok(Vec::new());
    }
    Ok(entry.affected.iter().filter_map(|affected| advisory(&entry, affected)).collect())
}

fn advisory(entry: &Entry, affected: &Affected) -> Option<Advisory> {
    let package = affected.package.as_ref()?;
    let (ecosystem, release) = ecosystem(&package.ecosystem)?;
    let (own, beyond) = (&affected.database_specific, &affected.ecosystem_specific);
    let informational = own.informational.as_deref().or(beyond.informational.as_deref());
    let published = if entry.published.is_empty() { &entry.modified } else { &entry.published };
    let mut aliases = [entry.aliases.as_slice(), &entry.upstream].concat();
    aliases.sort();
    let reaching = &beyond.affects;
    let functions = beyond.affected_functions.as_ref().unwrap_or(&reaching.functions);
    let scores = affected.severity.iter().chain(&entry.severity);
    Some(Advisory {
        id: entry.id.clone(),
        aliases,
        title: entry.summary.clone(),
        kind: informational.map_or(Kind::Vulnerability, |said| rustsec::kind(Some(said))),
        date: published.get(..10).unwrap_or_default().to_owned(),
        score: scores.filter_map(|one| super::score(&one.score)).next(),
        ecosystem,
        release,
        package: package.name.clone(),
        affects: Affects::These { ranges: ranges(affected), versions: affected.versions.clone() },
        fixed: fixed(affected),
        functions: functions.clone(),
        systems: reaching.os.clone(),
    })
}

/// `npm`, `Debian:12`; what stands behind the colon is the release.
fn ecosystem(name: &str) -> Option<(Ecosystem, Option<String>)> {
    let (name, release) = name.split_once(':').unwrap_or((name, ""));
    let ecosystem = match name {
        "crates.io" => Ecosystem::Cargo,
        "npm" => Ecosystem::Npm,
        "Debian" => Ecosystem::Debian,
        _ => return None,
    };
    Some((ecosystem, Some(release).filter(|one| !one.is_empty()).map(str::to_owned)))
}

/// Ranges of commits say nothing of a version.
fn ranges(affected: &Affected) -> Vec<Vec<Event>> {
    let ranges = affected.ranges.iter().filter(|range| range.kind != "GIT");
    let events = |range: &Range| range.events.iter().filter_map(event).collect();
    ranges.map(events).collect()
}

fn event(at: &At) -> Option<Event> {
    let introduced = at.introduced.clone().map(Event::Introduced);
    let fixed = at.fixed.clone().map(Event::Fixed);
    introduced.or(fixed).or_else(|| at.last_affected.clone().map(Event::LastAffected))
}

fn fixed(affected: &Affected) -> Vec<String> {
    let ranges = affected.ranges.iter().filter(|range| range.kind != "GIT");
    ranges.flat_map(|range| &range.events).filter_map(|at| at.fixed.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dependency::component::Component;

    #[test]
    fn an_entry_is_an_advisory_for_each_package_that_is_known() {
        let entry = br#"{"id":"TEST-1","summary":"bad","published":"2099-01-02T00:00:00Z","aliases":["CVE-1"],
            "severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
            "affected":[{"package":{"ecosystem":"npm","name":"@x/y"},
              "ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.2.3"}]}]},
             {"package":{"ecosystem":"Debian:12","name":"openssl"},"versions":["3.0.1-1"]},
             {"package":{"ecosystem":"PyPI","name":"z"}}]}"#;
        let advisories = read(entry).unwrap();
        let [npm, debian] = advisories.as_slice() else { panic!("{advisories:?}") };
        assert!(npm.is_about(&Component::new(Ecosystem::Npm, "@x/y", "1.2.2"), ""));
        assert!(!npm.is_about(&Component::new(Ecosystem::Npm, "@x/y", "1.2.3"), ""));
        assert_eq!(
            (npm.score, npm.date.as_str(), npm.fixed.as_slice()),
            (Some(9.8), "2099-01-02", ["1.2.3".to_owned()].as_slice())
        );
        let mut ssl = Component::new(Ecosystem::Debian, "libssl3", "3.0.1-1+b1");
        ssl.source = Some(("openssl".into(), "3.0.1-1".into()));
        assert!(debian.is_about(&ssl, "12") && !debian.is_about(&ssl, "13"));
    }

    #[test]
    fn an_entry_that_was_withdrawn_is_none() {
        let entry = br#"{"id":"TEST-1","withdrawn":"2099-01-01T00:00:00Z",
            "affected":[{"package":{"ecosystem":"npm","name":"y"}}]}"#;
        assert!(read(entry).unwrap().is_empty());
        assert!(read(b"[]").is_err());
    }
}
