//! A Rust workspace: `Cargo.lock` says what it is made of, the manifests of its own packages what needs what, and the
//! registry's folder on this machine, where there is one, which licence a crate has.

pub mod lock;
pub mod manifest;
mod scope;
pub mod store;

use super::component::{Bom, Component, Ecosystem, Origin};
use lock::{Lock, Package};
use manifest::Manifest;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use store::Store;

/// What a workspace is made of, as its lock file says.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    /// The crates that are not its own.
    pub bom: Bom,
    /// What its manifests ask for that the lock file does not have: the two are out of step.
    pub missing: BTreeSet<String>,
    /// How many of the crates have no source at hand.
    pub sourceless: usize,
}

/// Puts together what a lock file, the manifests and the registry's folder say.
#[must_use]
pub fn workspace(lock: &Lock, own: &[Manifest], store: &Store) -> Workspace {
    let scopes = scope::scopes(lock, own, store);
    let (mut components, mut sourceless) = (Vec::new(), 0);
    for (package, scope) in lock.packages.iter().zip(scopes) {
        if package.is_own() && own.iter().any(|manifest| manifest.name == package.name) {
            continue;
        }
        let mut component = component(package, lock);
        component.scope = scope;
        match store.folder(&package.name, &package.version) {
            Some(folder) => component.licence = store::licence(&folder),
            None => sourceless += 1,
        }
        components.push(component);
    }
    let first = own.iter().find(|manifest| manifest.is_default).or(own.first());
    let mut bom = Bom {
        subject: first.map_or_else(String::new, |manifest| manifest.name.clone()),
        version: first.map_or_else(String::new, |manifest| manifest.version.clone()),
        components,
    };
    bom.settle();
    Workspace { bom, missing: missing(lock, own), sourceless }
}

/// What a lock file alone says: of a program that brings its own along.
#[must_use]
pub fn locked(lock: &Lock, of: &str, version: &str) -> Bom {
    let others = lock.packages.iter().filter(|package| !package.is_own());
    let components = others.map(|package| component(package, lock)).collect();
    let mut bom = Bom { subject: of.into(), version: version.into(), components };
    bom.settle();
    bom
}

fn component(package: &Package, lock: &Lock) -> Component {
    let mut component = Component::new(Ecosystem::Cargo, &package.name, &package.version);
    component.origin = package.origin();
    component.hash = package.hash();
    let needed = package.needs.iter().filter_map(|at| lock.packages.get(*at));
    component.needs =
        needed.map(|one| Component::new(Ecosystem::Cargo, &one.name, &one.version).purl).collect();
    component
}

fn missing(lock: &Lock, own: &[Manifest]) -> BTreeSet<String> {
    let mut locked: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in lock.packages.iter().filter(|package| package.is_own()) {
        let names = package.needs.iter().filter_map(|at| lock.packages.get(*at));
        locked.entry(&package.name).or_default().extend(names.map(|one| one.name.as_str()));
    }
    let mut missing = BTreeSet::new();
    for manifest in own {
        let Some(has) = locked.get(manifest.name.as_str()) else { continue };
        for wanted in manifest.all().filter(|wanted| !has.contains(wanted.as_str())) {
            missing.insert(format!("{} needs {wanted}", manifest.name));
        }
    }
    missing
}

/// The manifests of a project's own packages, and what its root says of them.
#[must_use]
pub fn manifests(project: &Path) -> Vec<Manifest> {
    let root = super::file::text(&project.join("Cargo.toml")).unwrap_or_default();
    let root = manifest::Root::read(&root);
    let files = super::file::below(project, 6, super::file::is_own);
    let files = files.into_iter().filter(|path| path.ends_with("Cargo.toml"));
    files
        .filter_map(|path| {
            let text = super::file::text(&path).ok()?;
            let mut manifest = Manifest::read(&text, &root)?;
            let folder = path.parent()?;
            manifest.is_default = root.is_default(folder.strip_prefix(project).ok()?);
            manifest.folder = folder.to_path_buf();
            Some(manifest)
        })
        .collect()
}

impl Package {
    fn origin(&self) -> Origin {
        match self.source.as_deref() {
            None => Origin::Folder,
            Some(source) if source.contains("github.com/rust-lang/crates.io-index") => {
                Origin::Registry
            }
            Some("sparse+https://index.crates.io/") => Origin::Registry,
            Some(source) => match source.strip_prefix("git+") {
                Some(address) => Origin::Git(address.into()),
                None => Origin::Address(source.into()),
            },
        }
    }
}
