//! `Cargo.lock`, formats 1 to 4.

use crate::dependency::component::Hash;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A lock file.
#[derive(Clone, Debug, Default)]
pub struct Lock {
    /// In its order.
    pub packages: Vec<Package>,
}

/// A package of a lock file.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where it comes from; none for a folder.
    pub source: Option<String>,
    /// SHA-256 of what was downloaded, in hex.
    pub checksum: Option<String>,
    /// Places in [`Lock::packages`].
    pub needs: Vec<usize>,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    package: Vec<Entry>,
    /// In the oldest format the checksums are here.
    #[serde(default)]
    metadata: BTreeMap<String, toml::Value>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
    #[serde(default)]
    dependencies: Vec<String>,
}

impl Lock {
    /// Reads a lock file.
    ///
    /// # Errors
    /// It is none: a sentence.
    pub fn read(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text)
            .map_err(|error| format!("not a Cargo.lock: {}", error.message()))?;
        let mut named: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, entry) in file.package.iter().enumerate() {
            named.entry(&entry.name).or_default().push(at);
        }
        let find = |text: &String| find(text, &file.package, &named);
        let packages = file.package.iter().map(|entry| Package {
            name: entry.name.clone(),
            version: entry.version.clone(),
            source: entry.source.clone(),
            checksum: entry.checksum.clone().or_else(|| entry.checksum_of(&file.metadata)),
            needs: entry.dependencies.iter().filter_map(find).collect(),
        });
        Ok(Self { packages: packages.collect() })
    }
}

/// A dependency is named with no more than tells it from the others: `name`, `name version`, `name version (source)`.
fn find(text: &str, entries: &[Entry], named: &BTreeMap<&str, Vec<usize>>) -> Option<usize> {
    let mut words = text.split(' ');
    let (name, version) = (words.next()?, words.next());
    let source = words.next().map(|source| source.trim_matches(['(', ')']));
    let fits = |at: &&usize| {
        entries.get(**at).is_some_and(|entry| {
            version.is_none_or(|version| entry.version == version)
                && source.is_none_or(|source| entry.source.as_deref() == Some(source))
        })
    };
    named.get(name)?.iter().find(fits).copied()
}

impl Entry {
    fn checksum_of(&self, metadata: &BTreeMap<String, toml::Value>) -> Option<String> {
        let source = self.source.as_deref()?;
        let key = format!("checksum {} {} ({source})", self.name, self.version);
        metadata.get(&key)?.as_str().map(str::to_owned)
    }
}

impl Package {
    /// Whether it is a folder of the project.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.source.is_none()
    }

    /// Its checksum.
    #[must_use]
    pub fn hash(&self) -> Option<Hash> {
        let hex = self.checksum.clone()?;
        let is_hash = hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hash.then(|| Hash { algorithm: "SHA-256".into(), hex: hex.to_ascii_lowercase() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_of_the_oldest_format_are_found_where_it_has_them() {
        let lock = Lock::read(
            "[[package]]\nname = \"one\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\n\
             [metadata]\n\"checksum one 1.0.0 (registry+x)\" = \"<none>\"\n",
        )
        .unwrap();
        let [package] = lock.packages.as_slice() else { panic!("one package") };
        assert_eq!(package.checksum.as_deref(), Some("<none>"));
        assert_eq!(package.hash(), None);
    }

    #[test]
    fn a_dependency_is_the_package_of_the_version_that_it_names() {
        let lock = Lock::read(
            "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\ndependencies = [\"b 2.0.0\", \"c\"]\n\
             [[package]]\nname = \"b\"\nversion = \"1.0.0\"\n[[package]]\nname = \"b\"\n\
             version = \"2.0.0\"\n[[package]]\nname = \"c\"\nversion = \"1.0.0\"\n",
        )
        .unwrap();
        assert_eq!(lock.packages.first().unwrap().needs, [2, 3]);
    }
}
