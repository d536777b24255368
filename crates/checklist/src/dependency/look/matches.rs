//! Advisories held against what is there, with who reaches it and what the maker says about it.

use super::project::Tree;
use crate::dependency::advisory::Advisory;
use crate::dependency::component::Component;
use crate::dependency::database::Database;
use crate::dependency::facts::{Answer, Dependencies, Known, Match, Part, Said};
use crate::dependency::reach::{Reach, reach};

/// What is known against what was found. Statements that are about something of it are marked.
pub fn find(database: &Database, found: &mut Dependencies, trees: &[Tree]) -> Known {
    let release = found.debian.found.as_ref().map(|system| system.release.clone());
    let release = release.unwrap_or_default();
    let mut matches = Vec::new();
    for part in &found.parts {
        let tree = trees.iter().find(|tree| tree.of == part.of);
        for component in &part.bom.components {
            let about = database.about(component.ecosystem, component.advised().0);
            for advisory in about.iter().filter(|one| one.is_about(component, &release)) {
                matches.push(matched(advisory, component, part, tree));
            }
        }
    }
    matches.sort_by(|one, other| key(one).cmp(&key(other)));
    if let Ok(said) = &mut found.vex.found {
        said.iter_mut().for_each(|said| answer(said, &mut matches));
    }
    Known {
        coverage: database.coverage.clone(),
        unreadable: database.unreadable.clone(),
        matches,
        unheard: unheard(database, found),
    }
}

fn key(one: &Match) -> (&str, &str, &str) {
    (&one.advisory, &one.purl, &one.of)
}

fn matched(advisory: &Advisory, component: &Component, part: &Part, tree: Option<&Tree>) -> Match {
    let users = tree.map(|tree| tree.users(part, component)).unwrap_or_default();
    let reach = match tree {
        None if part.kind == crate::dependency::facts::PartKind::Own => {
            Reach::Untold("the source is not at hand".into())
        }
        _ => reach(advisory, component, &users),
    };
    Match {
        advisory: advisory.id.clone(),
        aliases: advisory.aliases.clone(),
        title: advisory.title.clone(),
        kind: advisory.kind,
        score: advisory.score,
        fixed: advisory.fixed.clone(),
        component: component.title(),
        purl: component.purl.clone(),
        of: part.of.clone(),
        scope: component.scope,
        reach,
        answer: None,
    }
}

/// Of several statements about the same the latest counts.
fn answer(said: &mut Said, matches: &mut [Match]) {
    for one in matches {
        let ids: Vec<&str> =
            one.aliases.iter().chain([&one.advisory]).map(String::as_str).collect();
        if !said.statement.answers(&ids, &one.purl, &one.of) {
            continue;
        }
        said.applies = true;
        let (status, settles) = (said.statement.status, said.statement.settles());
        one.answer = Some(Answer { status, settles, file: said.file.clone() });
    }
}

fn unheard(database: &Database, found: &Dependencies) -> Vec<String> {
    let Ok(said) = &found.vex.found else { return Vec::new() };
    let ids = database.ids();
    let strange = said
        .iter()
        .filter(|said| !said.statement.vulnerability.iter().any(|id| ids.contains(id.as_str())));
    let mut names: Vec<String> =
        strange.filter_map(|said| said.statement.vulnerability.first().cloned()).collect();
    names.sort();
    names.dedup();
    names
}
