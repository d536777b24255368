//! What needs each package of a lock file: the product, whatever builds it, or tests alone.
//!
//! The product is what the workspace builds where nobody says what to build. A lock file does not say what is needed for
//! what; manifests do. Of a crate whose manifest is not at hand, everything counts as needed to run.

use super::lock::{Lock, Package};
use super::manifest::{Manifest, Root};
use super::store::Store;
use crate::dependency::component::Scope;

/// The scope of each package, in the lock file's order.
pub fn scopes(lock: &Lock, own: &[Manifest], store: &Store) -> Vec<Scope> {
    let edges: Vec<Vec<(usize, Scope)>> =
        lock.packages.iter().map(|package| needed(lock, own, store, package)).collect();
    let needs = |at: usize| edges.get(at).into_iter().flatten();
    let begin = roots(lock, own);
    let mut scopes: Vec<Option<Scope>> = vec![None; lock.packages.len()];
    for scope in [Scope::Ships, Scope::Build, Scope::Development] {
        // What the project begins with, and what something nearer needs for this.
        let nearer = scopes.iter().enumerate().filter(|(_, of)| of.is_some_and(|of| of < scope));
        let mut queue: Vec<usize> = nearer
            .flat_map(|(at, _)| needs(at))
            .chain(&begin)
            .filter(|(_, of)| *of == scope)
            .map(|(at, _)| *at)
            .collect();
        while let Some(at) = queue.pop() {
            let Some(place) = scopes.get_mut(at).filter(|place| place.is_none()) else { continue };
            *place = Some(scope);
            queue.extend(needs(at).filter(|(_, of)| *of <= scope).map(|(to, _)| *to));
        }
    }
    // What nothing needs is not part of anything that ships, but it was not told either.
    scopes.into_iter().map(Option::unwrap_or_default).collect()
}

/// Packages to begin with: those of the product, and the project's others.
fn roots(lock: &Lock, own: &[Manifest]) -> Vec<(usize, Scope)> {
    let of = |package: &Package| match find(own, package) {
        Some(manifest) if !manifest.is_default => Scope::Development,
        _ => Scope::Ships,
    };
    let packages = lock.packages.iter().enumerate().filter(|(_, package)| package.is_own());
    packages.map(|(at, package)| (at, of(package))).collect()
}

fn find<'a>(own: &'a [Manifest], package: &Package) -> Option<&'a Manifest> {
    own.iter().find(|manifest| package.is_own() && manifest.name == package.name)
}

/// What a package needs, and what for.
fn needed(lock: &Lock, own: &[Manifest], store: &Store, package: &Package) -> Vec<(usize, Scope)> {
    let manifest = match find(own, package) {
        Some(manifest) => Some(manifest.clone()),
        None => store.read(package).and_then(|text| Manifest::read(&text, &Root::default())),
    };
    let scope = |name: &String| match &manifest {
        Some(manifest) if manifest.normal.contains(name) => Scope::Ships,
        Some(manifest) if manifest.build.contains(name) => Scope::Build,
        Some(manifest) if manifest.development.contains(name) => Scope::Development,
        _ => Scope::Ships,
    };
    let needs = package.needs.iter().filter_map(|to| Some((*to, lock.packages.get(*to)?)));
    needs.map(|(to, package)| (to, scope(&package.name))).collect()
}
