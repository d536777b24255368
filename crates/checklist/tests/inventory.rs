//! Real lock files: this project's own, that of a program of old releases, and those of npm programs that people use.

use pintle_checklist::dependency::component::{Ecosystem, Origin, Scope};
use pintle_checklist::dependency::facts::{Part, PartKind};
use pintle_checklist::dependency::{self, Asked, Dependencies, sbom};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn look(asked: &Asked) -> Dependencies {
    dependency::look(asked).found.expect("something to look at")
}

fn part(found: &Dependencies, kind: PartKind) -> &Part {
    found.parts.iter().find(|part| part.kind == kind).expect("a part")
}

#[test]
fn this_project_ships_less_than_it_is_tested_with() {
    let folder = tempfile::tempdir().expect("a folder");
    // What it says of itself, without what was built in it.
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("a manifest");
    let members = manifest.lines().find(|line| line.starts_with("members")).expect("members");
    let members =
        members.split('"').skip(1).step_by(2).map(|member| format!("{member}/Cargo.toml"));
    for name in members.chain(["Cargo.toml".into(), "Cargo.lock".into()]) {
        let to = folder.path().join(&name);
        fs::create_dir_all(to.parent().expect("a folder")).expect("a folder is made");
        fs::copy(root().join(name), to).expect("a file is copied");
    }
    let found = look(&Asked { projects: vec![folder.path().into()], ..Asked::default() });
    let part = part(&found, PartKind::Cargo);
    let scope =
        |name: &str| part.bom.components.iter().find(|one| one.name == name).map(|one| one.scope);
    assert_eq!(part.bom.subject, "pintle");
    assert_eq!(scope("axum"), Some(Scope::Ships));
    assert_eq!(scope("proptest"), Some(Scope::Development));
    assert!(part.missing.is_empty(), "{:?}", part.missing);
    let registry = part.bom.components.iter().filter(|one| one.origin == Origin::Registry);
    assert!(registry.clone().count() > 100 && registry.clone().all(|one| one.hash.is_some()));
}

#[test]
fn npm_programs_are_read_whole_and_their_sboms_say_the_same() {
    let projects = vec![root().join("tests/interop/peers/particle-cli-3.43")];
    let found = look(&Asked { projects, ..Asked::default() });
    let part = part(&found, PartKind::Npm);
    assert!(found.unread.is_empty() && found.unlocked.is_empty(), "{:?}", found.unread);
    assert!(part.bom.components.len() > 100);
    assert!(
        part.bom.components.iter().all(|one| one.ecosystem == Ecosystem::Npm && one.hash.is_some())
    );
    let text = sbom::write(&part.bom, sbom::Format::Spdx, 0).expect("an SBOM");
    let (again, _) = sbom::read(text.as_bytes()).expect("an SBOM");
    let names = |bom: &dependency::component::Bom| {
        bom.components.iter().map(|one| one.purl.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&again), names(&part.bom));
}

/// What cargo-audit 0.22 says of it, with RustSec's advisories of August 2026.
#[test]
fn all_that_is_known_of_old_releases_is_found_where_the_advisories_are_at_hand() {
    let advisories = root().join("../shared/advisory-db");
    if !advisories.exists() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let lock = root().join("tests/vectors/dependencies/old-lamp.lock");
    fs::copy(lock, folder.path().join("Cargo.lock")).expect("a lock file");
    let (projects, advisories) = (vec![folder.path().into()], vec![advisories]);
    let found = look(&Asked { projects, advisories, ..Asked::default() });
    let known = found.known.found.expect("advisories");
    let ids: Vec<&str> = known.matches.iter().map(|one| one.advisory.as_str()).collect();
    let expected = [
        "RUSTSEC-2018-0017",
        "RUSTSEC-2020-0071",
        "RUSTSEC-2020-0159",
        "RUSTSEC-2021-0003",
        "RUSTSEC-2021-0072",
        "RUSTSEC-2021-0124",
        "RUSTSEC-2021-0145",
        "RUSTSEC-2022-0013",
        "RUSTSEC-2022-0022",
        "RUSTSEC-2023-0001",
        "RUSTSEC-2023-0005",
        "RUSTSEC-2023-0018",
        "RUSTSEC-2023-0071",
        "RUSTSEC-2024-0019",
        "RUSTSEC-2024-0320",
        "RUSTSEC-2024-0375",
        "RUSTSEC-2025-0023",
    ];
    assert_eq!(ids, expected);
    assert!(known.unreadable.is_empty(), "{:?}", known.unreadable);
}
