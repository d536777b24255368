//! Folders of advisories: RustSec's Markdown and OSV's JSON, whichever way they are laid out.

use super::advisory::{Advisory, osv, rustsec};
use super::component::Ecosystem;
use super::file;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What a folder has for an ecosystem.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// How many advisories.
    pub advisories: usize,
    /// The day the newest was published.
    pub newest: String,
}

/// Advisories, by what they are about.
#[derive(Clone, Debug, Default)]
pub struct Database {
    by_package: BTreeMap<(Ecosystem, String), Vec<Advisory>>,
    /// What is there for each ecosystem.
    pub coverage: BTreeMap<Ecosystem, Coverage>,
    /// Files that look like advisories and are none: `name: why`.
    pub unreadable: Vec<String>,
}

impl Database {
    /// Reads folders.
    ///
    /// # Errors
    /// One of them is no folder, or has no advisory.
    pub fn read(folders: &[impl AsRef<Path>]) -> Result<Self, String> {
        let mut database = Self::default();
        for folder in folders {
            let folder = folder.as_ref();
            if !folder.is_dir() {
                return Err(format!("{}: no such folder of advisories", folder.display()));
            }
            let before = database.count();
            for path in file::below(folder, 8, |name| !name.starts_with('.')) {
                database.take(&path, folder);
            }
            if database.count() == before {
                return Err(format!("{}: no advisory of RustSec or OSV in it", folder.display()));
            }
        }
        database.unreadable.sort();
        Ok(database)
    }

    /// Advisories about a package; of Debian's, a source package.
    #[must_use]
    pub fn about(&self, ecosystem: Ecosystem, package: &str) -> &[Advisory] {
        let key = (ecosystem, package.to_owned());
        self.by_package.get(&key).map(Vec::as_slice).unwrap_or_default()
    }

    /// Puts an advisory in, unless it or one that it is a copy of is there.
    pub fn put(&mut self, advisory: Advisory) {
        let key = (advisory.ecosystem, advisory.package.clone());
        let known = self.by_package.entry(key).or_default();
        if known.iter().any(|one| one.id == advisory.id && one.release == advisory.release) {
            return;
        }
        let coverage = self.coverage.entry(advisory.ecosystem).or_default();
        coverage.advisories += 1;
        if coverage.newest < advisory.date {
            coverage.newest.clone_from(&advisory.date);
        }
        known.push(advisory);
    }

    /// Every id that an advisory has, its other names included.
    #[must_use]
    pub fn ids(&self) -> BTreeSet<&str> {
        let all = self.by_package.values().flatten();
        all.flat_map(|one| one.aliases.iter().chain([&one.id])).map(String::as_str).collect()
    }

    fn count(&self) -> usize {
        self.coverage.values().map(|coverage| coverage.advisories).sum()
    }

    fn take(&mut self, path: &Path, folder: &Path) {
        let end = path.extension().and_then(|end| end.to_str());
        let read = match end {
            Some("md") => read_markdown(path),
            Some("json") => file::bytes(path).and_then(|bytes| osv::read(&bytes)),
            _ => return,
        };
        match read {
            Ok(advisories) => advisories.into_iter().for_each(|one| self.put(one)),
            Err(why) => {
                let name = path.strip_prefix(folder).unwrap_or(path);
                self.unreadable.push(format!("{}: {why}", name.display()));
            }
        }
    }
}

/// Prose beside the advisories is none of them.
fn read_markdown(path: &Path) -> Result<Vec<Advisory>, String> {
    let text = file::text(path)?;
    if !text.trim_start().starts_with("```toml") {
        return Ok(Vec::new());
    }
    rustsec::read(&text).map(|advisory| advisory.into_iter().collect())
}
