//! The registry's folder on this machine (`CARGO_HOME/registry`) and a project's `vendor`: sources of crates, from which
//! licences and names are read, and the index, which knows what was yanked. Nothing is fetched.

use super::lock::Package;
use crate::dependency::file;
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Folders in which crates and the index may be.
#[derive(Clone, Debug, Default)]
pub struct Store {
    /// Each has a folder `NAME-VERSION` of every crate in it.
    sources: Vec<PathBuf>,
    /// Each has a folder `NAME` of every crate in it, of whatever version.
    vendors: Vec<PathBuf>,
    /// Each has a file of every crate in it, in folders by its first letters.
    indexes: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct Release {
    vers: String,
    #[serde(default)]
    yanked: bool,
}

impl Store {
    /// What is there.
    #[must_use]
    pub fn at(cargo_home: Option<&Path>, project: &Path) -> Self {
        let registry = cargo_home.map(|home| home.join("registry"));
        let folders = |name: &str| {
            let found = registry.iter().flat_map(|registry| fs::read_dir(registry.join(name)));
            let mut found: Vec<PathBuf> =
                found.flatten().flatten().map(|entry| entry.path()).collect();
            found.sort();
            found
        };
        let indexes = folders("index").into_iter().map(|index| index.join(".cache"));
        let vendor = project.join("vendor");
        Self {
            sources: folders("src"),
            vendors: vendor.is_dir().then_some(vendor).into_iter().collect(),
            indexes: indexes.filter(|index| index.is_dir()).collect(),
        }
    }

    /// Where a crate's source is.
    #[must_use]
    pub fn folder(&self, name: &str, version: &str) -> Option<PathBuf> {
        let full = format!("{name}-{version}");
        let whole = self.sources.iter().chain(&self.vendors).map(|source| source.join(&full));
        let bare = self.vendors.iter().map(|vendor| vendor.join(name));
        let bare = bare.filter(|folder| version_in(folder).as_deref() == Some(version));
        whole.filter(|folder| folder.join("Cargo.toml").is_file()).chain(bare).next()
    }

    /// A crate's manifest.
    #[must_use]
    pub fn read(&self, package: &Package) -> Option<String> {
        if package.is_own() {
            return None;
        }
        let folder = self.folder(&package.name, &package.version)?;
        file::text(&folder.join("Cargo.toml")).ok()
    }

    /// Whether a version was yanked, as far as the index on this machine knows.
    #[must_use]
    pub fn is_yanked(&self, name: &str, version: &str) -> Option<bool> {
        self.indexes.iter().find_map(|index| {
            let bytes = file::bytes(&index.join(index_path(name)?)).ok()?;
            releases(&bytes).find(|release| release.vers == version).map(|release| release.yanked)
        })
    }
}

/// The licence that a crate's manifest has; nothing where it has none.
#[must_use]
pub fn licence(folder: &Path) -> Option<String> {
    let table: Table = file::text(&folder.join("Cargo.toml")).ok()?.parse().ok()?;
    let package = table.get("package")?;
    let word = |key: &str| package.get(key).and_then(Value::as_str).map(str::to_owned);
    word("license").or_else(|| word("license-file").map(|file| format!("see {file}")))
}

fn version_in(folder: &Path) -> Option<String> {
    let table: Table = file::text(&folder.join("Cargo.toml")).ok()?.parse().ok()?;
    table.get("package")?.get("version")?.as_str().map(str::to_owned)
}

/// `1/a`, `2/ab`, `3/a/abc`, `se/rd/serde`.
fn index_path(name: &str) -> Option<PathBuf> {
    let name = name.to_ascii_lowercase();
    let path = match name.len() {
        0 => return None,
        1 => format!("1/{name}"),
        2 => format!("2/{name}"),
        3 => format!("3/{}/{name}", name.get(..1)?),
        _ => format!("{}/{}/{name}", name.get(..2)?, name.get(2..4)?),
    };
    Some(PathBuf::from(path))
}

/// The releases of a crate: objects of JSON with a zero byte behind each, among other things.
fn releases(bytes: &[u8]) -> impl Iterator<Item = Release> {
    let objects = bytes.split(|byte| *byte == 0).filter(|part| part.first() == Some(&b'{'));
    objects.filter_map(|object| serde_json::from_slice(object).ok())
}
