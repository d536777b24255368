//! A project's folder: Cargo's or npm's lock files, wherever they lie in it, and the manifests beside them.

use crate::dependency::cargo::lock::Lock;
use crate::dependency::cargo::manifest::Manifest;
use crate::dependency::cargo::{self, store::Store};
use crate::dependency::component::{Component, Ecosystem};
use crate::dependency::facts::{Dependencies, Part, PartKind};
use crate::dependency::reach::User;
use crate::dependency::{file, npm};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Where the source of a part is: for looking who names what.
pub struct Tree {
    /// The part's name.
    pub of: String,
    folder: PathBuf,
    own: Vec<Manifest>,
    store: Store,
}

/// Looks at a project: its parts go into what was found.
pub fn look(folder: &Path, cargo_home: Option<&Path>, found: &mut Dependencies) -> Vec<Tree> {
    let mut trees = Vec::new();
    let files = file::below(folder, 6, file::is_own);
    let of_name = |name: &str| files.iter().filter(|path| path.ends_with(name)).collect::<Vec<_>>();
    for lock in of_name("Cargo.lock") {
        trees.extend(rust(lock, folder, cargo_home, found));
    }
    for lock in of_name("package-lock.json") {
        trees.extend(script(lock, folder, found));
    }
    let roots = trees.iter().map(|tree: &Tree| tree.folder.as_path()).collect::<Vec<_>>();
    unlocked(folder, &of_name("Cargo.toml"), "Cargo.lock", &roots, found);
    unlocked(folder, &of_name("package.json"), "package-lock.json", &roots, found);
    if files.iter().all(|path| !is_manifest(path)) {
        let why = "neither Cargo.lock nor package-lock.json in it";
        found.unread.push(format!("{}: {why}", folder.display()));
    }
    trees
}

fn is_manifest(path: &Path) -> bool {
    ["Cargo.toml", "Cargo.lock", "package.json", "package-lock.json"]
        .iter()
        .any(|name| path.ends_with(name))
}

/// Manifests with dependencies and no lock file beside them or further up in the project.
fn unlocked(
    project: &Path,
    manifests: &[&PathBuf],
    lock: &str,
    locked: &[&Path],
    found: &mut Dependencies,
) {
    for manifest in manifests {
        let Ok(text) = file::text(manifest) else { continue };
        let asks = match lock {
            "Cargo.lock" => Manifest::read(&text, &Default::default())
                .is_some_and(|manifest| manifest.all().next().is_some()),
            _ => npm::asked_for(&text).is_some_and(|names| !names.is_empty()),
        };
        let folders = manifest.ancestors().skip(1).take_while(|folder| folder.starts_with(project));
        let mut folders = folders.map(|folder| (folder, folder.join(lock)));
        let has = |(folder, lock): (&Path, PathBuf)| locked.contains(&folder) || lock.is_file();
        if asks && !folders.any(has) {
            found.unlocked.push(format!("{}: no {lock}", name(manifest, project)));
        }
    }
}

/// A file's name as seen from the folder that the project is in.
fn name(path: &Path, project: &Path) -> String {
    let base = project.parent().unwrap_or(project);
    let name = path.strip_prefix(base).unwrap_or(path).display().to_string();
    name.trim_start_matches("./").to_owned()
}

fn rust(
    lock: &Path,
    project: &Path,
    cargo_home: Option<&Path>,
    found: &mut Dependencies,
) -> Option<Tree> {
    let folder = lock.parent()?;
    let of = name(lock, project);
    let read = file::text(lock).and_then(|text| Lock::read(&text));
    let lock = match read {
        Ok(lock) => lock,
        Err(why) => {
            found.unread.push(format!("{of}: {why}"));
            return None;
        }
    };
    let own = cargo::manifests(folder);
    let store = Store::at(cargo_home, folder);
    let workspace = cargo::workspace(&lock, &own, &store);
    let direct = own.iter().flat_map(Manifest::all).cloned().collect();
    found.parts.push(Part {
        of: of.clone(),
        kind: PartKind::Cargo,
        bom: workspace.bom,
        direct,
        missing: workspace.missing,
        sourceless: workspace.sourceless,
    });
    Some(Tree { of, folder: folder.into(), own, store })
}

fn script(lock: &Path, project: &Path, found: &mut Dependencies) -> Option<Tree> {
    let folder = lock.parent()?;
    let of = name(lock, project);
    let tree = match file::text(lock).and_then(|text| npm::read(&text)) {
        Ok(tree) => tree,
        Err(why) => {
            found.unread.push(format!("{of}: {why}"));
            return None;
        }
    };
    let manifest = file::text(&folder.join("package.json")).unwrap_or_default();
    let asked = npm::asked_for(&manifest).unwrap_or_default();
    let missing: BTreeSet<String> =
        asked.difference(&tree.direct).map(|name| format!("package.json needs {name}")).collect();
    found.parts.push(Part {
        of: of.clone(),
        kind: PartKind::Npm,
        bom: tree.bom,
        direct: tree.direct,
        missing,
        sourceless: 0,
    });
    Some(Tree { of, folder: folder.into(), own: Vec::new(), store: Store::default() })
}

impl Tree {
    /// Who uses a component of the part.
    pub fn users(&self, part: &Part, component: &Component) -> Vec<User> {
        let needs = part.bom.components.iter().filter(|one| one.needs.contains(&component.purl));
        let others = needs.map(|one| self.other(one, component));
        self.projects(part, component).into_iter().chain(others).collect()
    }

    fn projects(&self, part: &Part, component: &Component) -> Vec<User> {
        let itself = |name: &str, folder: &Path, renames| User {
            name: name.into(),
            folder: Some(folder.into()),
            renames,
        };
        if component.ecosystem == Ecosystem::Npm {
            let direct = part.direct.contains(&component.name);
            return direct
                .then(|| itself("the project", &self.folder, false))
                .into_iter()
                .collect();
        }
        let users = self.own.iter().filter(|own| own.all().any(|name| *name == component.name));
        users
            .map(|own| itself(&own.name, &own.folder, own.renamed.contains(&component.name)))
            .collect()
    }

    fn other(&self, user: &Component, component: &Component) -> User {
        let folder = match user.ecosystem {
            Ecosystem::Npm => self.installed(user),
            _ => self.store.folder(&user.name, &user.version),
        };
        let manifest =
            folder.as_ref().and_then(|folder| file::text(&folder.join("Cargo.toml")).ok());
        let manifest = manifest.and_then(|text| Manifest::read(&text, &Default::default()));
        let renames = manifest.is_some_and(|manifest| manifest.renamed.contains(&component.name));
        User { name: user.title(), folder, renames }
    }

    /// Where a package of npm is installed, in that version.
    fn installed(&self, user: &Component) -> Option<PathBuf> {
        let folder = self.folder.join("node_modules").join(&user.name);
        let text = file::text(&folder.join("package.json")).ok()?;
        let package: serde_json::Value = serde_json::from_str(&text).ok()?;
        (package.get("version")?.as_str()? == user.version).then_some(folder)
    }
}
