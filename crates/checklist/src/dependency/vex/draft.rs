//! Statements for what is known against a product: those that its maker made already, and a draft for each vulnerability
//! that nobody has answered. A person reads them before anybody gets them.

use super::{Justification, Statement, Status};
use crate::dependency::advisory::Kind;
use crate::dependency::component::Scope;
use crate::dependency::facts::{Dependencies, Match};
use crate::dependency::reach::Reach;
use std::collections::BTreeMap;

/// A statement for each vulnerability of each component.
///
/// # Errors
/// Nothing was held against advisories: why.
pub fn draft(found: &Dependencies) -> Result<Vec<Statement>, String> {
    let known = found.known.found.as_ref().map_err(Clone::clone)?;
    let mut drafts: BTreeMap<(&str, &str), Statement> = BTreeMap::new();
    for one in known.matches.iter().filter(|one| one.kind == Kind::Vulnerability) {
        let drafted = statement(one, found);
        let place = drafts.entry((&one.advisory, &one.purl)).or_insert_with(|| drafted.clone());
        // What is in several parts is as bad as in the worst of them.
        if rank(drafted.status) > rank(place.status) {
            *place = drafted;
        }
    }
    Ok(drafts.into_values().collect())
}

fn statement(one: &Match, found: &Dependencies) -> Statement {
    let mut vulnerability = vec![one.advisory.clone()];
    vulnerability.extend(one.aliases.iter().cloned());
    let said = said(one, found, &vulnerability);
    let (status, justification, note) = said.unwrap_or_else(|| guess(one));
    Statement {
        vulnerability,
        products: vec![one.purl.clone()],
        status,
        justification,
        note,
        at: String::new(),
    }
}

type Words = (Status, Option<Justification>, String);

/// What the maker said last.
fn said(one: &Match, found: &Dependencies, ids: &[String]) -> Option<Words> {
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let said = found.vex.found.as_ref().ok()?;
    let statement = said
        .iter()
        .rev()
        .map(|said| &said.statement)
        .find(|said| said.answers(&ids, &one.purl, &one.of))?;
    Some((statement.status, statement.justification, statement.note.clone()))
}

fn guess(one: &Match) -> Words {
    match &one.reach {
        Reach::No(why) => {
            let justification = match one.scope {
                Scope::Ships => Justification::VulnerableCodeNotInExecutePath,
                Scope::Build | Scope::Development => Justification::ComponentNotPresent,
            };
            (Status::NotAffected, Some(justification), why.clone())
        }
        Reach::Yes(why) | Reach::Untold(why) => (Status::UnderInvestigation, None, why.clone()),
    }
}

const fn rank(status: Status) -> u8 {
    match status {
        Status::Fixed => 0,
        Status::NotAffected => 1,
        Status::UnderInvestigation => 2,
        Status::Affected => 3,
    }
}
