//! Looks at what a product is made of: lock files, the packages of a system, firmware modules, SBOMs, and what advisories
//! and VEX statements say about it. Reads files and nothing else.

mod matches;
mod project;

use super::cargo::lock::Lock;
use super::cargo::{self, store::Store};
use super::component::Ecosystem;
use super::database::Database;
use super::facts::{Dependencies, HandedSbom, Packages, Part, PartKind, Said, Yanked};
use super::{Asked, debian, file, module, sbom, vex};
use crate::look::Look;
use std::path::Path;

/// Looks at what was asked for.
#[must_use]
pub fn look(asked: &Asked) -> Look<Dependencies> {
    let mut found = Dependencies::default();
    let mut ran = Vec::new();
    let mut trees = Vec::new();
    for folder in &asked.projects {
        ran.push(format!("read the lock files and manifests of {}", folder.display()));
        trees.extend(project::look(folder, asked.cargo_home.as_deref(), &mut found));
    }
    if let Some((lock, version)) = &asked.own {
        ran.push("read what this program is made of".into());
        own(lock, version, &mut found);
    }
    found.debian = system(asked.root.as_deref(), &mut found.parts);
    ran.extend(found.debian.ran.iter().cloned());
    found.modules = modules(asked, &mut found.parts, &mut found.unread);
    found.sboms = sboms(asked, &mut found.parts, &mut found.unread);
    found.vex = statements(asked, &mut found.unread);
    found.yanked = yanked(asked, &found.parts);
    found.known = known(asked, &mut found, &trees);
    found.unread.sort();
    if found.parts.is_empty() && found.unlocked.is_empty() && found.unread.is_empty() {
        return Look::unseen(
            "nothing to look at: name folders with --project, or a root of Debian with --root",
        );
    }
    Look::seen(ran, found)
}

fn own(lock: &str, version: &str, found: &mut Dependencies) {
    match Lock::read(lock) {
        Ok(lock) => found.parts.push(Part {
            of: format!("pintle {version}"),
            kind: PartKind::Own,
            bom: cargo::locked(&lock, "pintle", version),
            direct: Default::default(),
            missing: Default::default(),
            sourceless: 0,
        }),
        Err(why) => found.unread.push(format!("what this program is made of: {why}")),
    }
}

fn system(root: Option<&Path>, parts: &mut Vec<Part>) -> Look<Packages> {
    let Some(root) = root else {
        return Look::unseen("no root of a system: name it with --root");
    };
    let system = match debian::look(root) {
        Ok(system) => system,
        Err(why) => return Look::unseen(why),
    };
    parts.push(Part {
        of: format!("{} {}", system.system, system.release),
        kind: PartKind::Debian,
        bom: system.bom,
        direct: Default::default(),
        missing: Default::default(),
        sourceless: 0,
    });
    let read = ["var/lib/dpkg/status", "etc/os-release", "etc/apt"];
    Look::seen(
        read.map(|path| format!("read {}", root.join(path).display())),
        Packages {
            system: system.system,
            release: system.release,
            codename: system.codename,
            unfinished: system.unfinished,
            sources: system.sources,
        },
    )
}

fn modules(
    asked: &Asked,
    parts: &mut Vec<Part>,
    unread: &mut Vec<String>,
) -> Look<Vec<super::facts::ModuleNeeds>> {
    if asked.modules.is_empty() {
        return Look::unseen("no firmware modules: name them with --module");
    }
    let mut found = Vec::new();
    for path in &asked.modules {
        match module::look(path) {
            Ok((needs, part)) => {
                found.extend(needs);
                parts.push(part);
            }
            Err(why) => unread.push(why),
        }
    }
    Look::seen(read(&asked.modules), found)
}

fn sboms(asked: &Asked, parts: &mut Vec<Part>, unread: &mut Vec<String>) -> Look<Vec<HandedSbom>> {
    if asked.sboms.is_empty() {
        return Look::unseen("no SBOMs: name them with --sbom");
    }
    let mut found = Vec::new();
    for path in &asked.sboms {
        let named = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
        let read =
            file::bytes(path).and_then(|bytes| sbom::read(&bytes).map_err(|why| named(&why)));
        match read {
            Ok((bom, format)) => {
                // What it says is judged like what was found; but not once more where that is the same.
                if !parts.iter().any(|part| part.bom.subject == bom.subject) {
                    parts.push(Part {
                        of: file_name(path),
                        kind: PartKind::Sbom,
                        bom: bom.clone(),
                        direct: Default::default(),
                        missing: Default::default(),
                        sourceless: 0,
                    });
                }
                found.push(HandedSbom { file: file_name(path), format, bom });
            }
            Err(why) => unread.push(why),
        }
    }
    Look::seen(read(&asked.sboms), found)
}

fn statements(asked: &Asked, unread: &mut Vec<String>) -> Look<Vec<Said>> {
    if asked.vex.is_empty() {
        return Look::unseen("no VEX statements: name documents with --vex");
    }
    let mut found = Vec::new();
    for path in &asked.vex {
        let named = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
        let read = file::bytes(path).and_then(|bytes| vex::read(&bytes).map_err(|why| named(&why)));
        let said = |statement| Said { file: file_name(path), statement, applies: false };
        match read {
            Ok(statements) => found.extend(statements.into_iter().map(said)),
            Err(why) => unread.push(why),
        }
    }
    // Of several statements about the same, the latest is to come last.
    found.sort_by(|one, other| one.statement.at.cmp(&other.statement.at));
    Look::seen(read(&asked.vex), found)
}

fn yanked(asked: &Asked, parts: &[Part]) -> Look<Yanked> {
    let Some(home) = &asked.cargo_home else {
        return Look::unseen(
            "no index of crates.io on this machine: run it where the project is built",
        );
    };
    let store = Store::at(Some(home), Path::new(""));
    let mut found = Yanked::default();
    for part in parts {
        for one in part.bom.components.iter().filter(|one| one.ecosystem == Ecosystem::Cargo) {
            match store.is_yanked(&one.name, &one.version) {
                Some(true) => found.yanked.push((one.title(), part.of.clone())),
                Some(false) => {}
                None => found.unknown += 1,
            }
            found.known += 1;
        }
    }
    found.known -= found.unknown;
    if found.known == 0 {
        return Look::unseen(
            "no index of crates.io on this machine knows any of the crates: run it where the project is built",
        );
    }
    found.yanked.sort();
    Look::seen(["looked the crates up in the index of crates.io on this machine"], found)
}

fn known(
    asked: &Asked,
    found: &mut Dependencies,
    trees: &[project::Tree],
) -> Look<super::facts::Known> {
    if asked.advisories.is_empty() {
        return Look::unseen("no advisories: name folders of RustSec's or OSV's with --advisories");
    }
    let database = match Database::read(&asked.advisories) {
        Ok(database) => database,
        Err(why) => return Look::unseen(why),
    };
    let known = matches::find(&database, found, trees);
    Look::seen(read(&asked.advisories), known)
}

fn read(paths: &[std::path::PathBuf]) -> Vec<String> {
    paths.iter().map(|path| format!("read {}", path.display())).collect()
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
