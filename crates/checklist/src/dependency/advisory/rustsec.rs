//! RustSec's advisories: a file of Markdown each, that begins with a block of TOML.

use super::{Advisory, Affects, Kind};
use crate::dependency::component::Ecosystem;
use crate::dependency::version::Requirement;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Front {
    advisory: About,
    #[serde(default)]
    affected: Affected,
    versions: Versions,
}

#[derive(Deserialize)]
struct About {
    id: String,
    package: String,
    #[serde(default)]
    date: String,
    #[serde(default)]
    aliases: Vec<String>,
    cvss: Option<String>,
    informational: Option<String>,
    withdrawn: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Affected {
    os: Vec<String>,
    functions: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct Versions {
    #[serde(default)]
    patched: Vec<String>,
    #[serde(default)]
    unaffected: Vec<String>,
}

/// Reads an advisory; `None` for one that was withdrawn.
///
/// # Errors
/// It is none: a sentence.
pub fn read(text: &str) -> Result<Option<Advisory>, String> {
    let text = text.trim_start().strip_prefix("```toml").ok_or("it does not begin with TOML")?;
    let (front, prose) = text.split_once("\n```").ok_or("its TOML does not end")?;
    let front: Front = toml::from_str(front).map_err(|error| error.message().to_owned())?;
    if front.advisory.withdrawn.is_some() {
        return Ok(None);
    }
    let title = prose.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or_default();
    advisory(front, title.trim()).map(Some)
}

fn advisory(front: Front, title: &str) -> Result<Advisory, String> {
    let Front { advisory: about, affected, versions } = front;
    let listed = versions.patched.iter().chain(&versions.unaffected);
    let read =
        |text: &String| Requirement::read(text).ok_or(format!("{text:?} is no range of versions"));
    let sound = listed.map(read).collect::<Result<Vec<_>, _>>()?;
    let mut aliases = about.aliases;
    aliases.sort();
    Ok(Advisory {
        id: about.id,
        aliases,
        title: title.into(),
        kind: kind(about.informational.as_deref()),
        date: about.date,
        score: about.cvss.as_deref().and_then(super::score),
        ecosystem: Ecosystem::Cargo,
        release: None,
        package: about.package,
        affects: Affects::AllBut(sound),
        fixed: versions.patched,
        functions: affected.functions.into_keys().collect(),
        systems: affected.os,
    })
}

/// What OSV's copies of these advisories say too.
pub fn kind(informational: Option<&str>) -> Kind {
    match informational {
        None => Kind::Vulnerability,
        Some("unsound") => Kind::Unsound,
        Some("unmaintained") => Kind::Unmaintained,
        Some(_) => Kind::Notice,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_advisory_says_which_versions_it_is_about_and_what_must_be_called() {
        let text = "```toml\n[advisory]\nid = \"RUSTSEC-2099-0001\"\npackage = \"p\"\ndate = \"2099-01-02\"\n\
            aliases = [\"CVE-2\", \"CVE-1\"]\n[affected]\nos = [\"windows\"]\n[affected.functions]\n\
            \"p::f\" = [\"< 2\"]\n[versions]\npatched = [\">= 1.5.0\"]\nunaffected = [\"< 1.2.0\"]\n```\n\n# Bad\n";
        let advisory = read(text).unwrap().unwrap();
        let has = |version| advisory.affects.has(Ecosystem::Cargo, version);
        assert!(has("1.2.0") && has("1.4.9") && !has("1.5.0") && !has("1.1.0"));
        assert_eq!((advisory.title.as_str(), advisory.kind), ("Bad", Kind::Vulnerability));
        assert_eq!(advisory.aliases, ["CVE-1", "CVE-2"]);
        assert_eq!(
            (advisory.functions, advisory.systems),
            (vec!["p::f".into()], vec!["windows".into()])
        );
        let withdrawn = text.replace("date =", "withdrawn = \"2099-02-01\"\ndate =");
        assert!(read(&withdrawn).unwrap().is_none());
        assert!(read("# Prose alone").is_err());
    }
}
