//! `Cargo.toml`: what a package asks for to run, to be built and to be tested.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// A package's manifest.
#[derive(Clone, Debug, Default)]
pub struct Manifest {
    /// Of the package.
    pub name: String,
    /// Of the package; empty where it has none of its own.
    pub version: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Whether the workspace builds it where nobody says what to build.
    pub is_default: bool,
    /// Names of packages that it needs to run.
    pub normal: BTreeSet<String>,
    /// Those that build it.
    pub build: BTreeSet<String>,
    /// Those that test it.
    pub development: BTreeSet<String>,
    /// Those that it calls by another name than their own.
    pub renamed: BTreeSet<String>,
}

/// What a workspace's root says of its packages.
#[derive(Clone, Debug, Default)]
pub struct Root {
    /// Real names of dependencies that the workspace renames.
    renamed: BTreeMap<String, String>,
    default_members: Option<Vec<String>>,
}

impl Root {
    /// Reads the manifest of a workspace's root; nothing where it says nothing.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let Ok(table) = text.parse::<Table>() else { return Self::default() };
        let Some(workspace) = table.get("workspace").and_then(Value::as_table) else {
            return Self::default();
        };
        let dependencies = workspace.get("dependencies").and_then(Value::as_table);
        let renamed = dependencies.into_iter().flatten().filter_map(|(key, value)| {
            Some((key.clone(), value.get("package")?.as_str()?.to_owned()))
        });
        let members = workspace.get("default-members").and_then(Value::as_array);
        let names = |members: &Vec<Value>| {
            members.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect()
        };
        Self { renamed: renamed.collect(), default_members: members.map(names) }
    }

    /// Whether the package in this folder, named from the root, is built where nobody says what to build.
    #[must_use]
    pub fn is_default(&self, folder: &Path) -> bool {
        let Some(members) = &self.default_members else { return true };
        members.iter().any(|member| match member.trim_start_matches("./").strip_suffix("/*") {
            Some(parent) => folder.parent() == Some(Path::new(parent)),
            None => {
                folder == Path::new(member.trim_start_matches("./").trim_end_matches(['/', '.']))
            }
        })
    }
}

impl Manifest {
    /// Reads a package's manifest; `None` where it is none, or a workspace's alone.
    #[must_use]
    pub fn read(text: &str, root: &Root) -> Option<Self> {
        let table: Table = text.parse().ok()?;
        let package = table.get("package")?.as_table()?;
        let word =
            |key: &str| package.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut manifest = Self { name: word("name"), version: word("version"), ..Self::default() };
        if manifest.name.is_empty() {
            return None;
        }
        manifest.take(&table, root);
        let targets = table.get("target").and_then(Value::as_table);
        for target in targets.into_iter().flatten().filter_map(|(_, target)| target.as_table()) {
            manifest.take(target, root);
        }
        Some(manifest)
    }

    fn take(&mut self, table: &Table, root: &Root) {
        let listed = |keys: [&str; 2]| -> Vec<(String, String)> {
            let tables = keys.into_iter().filter_map(|key| table.get(key)?.as_table());
            tables
                .flatten()
                .map(|(key, value)| (key.clone(), real_name(key, value, root)))
                .collect()
        };
        let lists = [
            (listed(["dependencies", ""]), &mut self.normal),
            (listed(["build-dependencies", "build_dependencies"]), &mut self.build),
            (listed(["dev-dependencies", "dev_dependencies"]), &mut self.development),
        ];
        for (list, into) in lists {
            for (key, name) in list {
                if key.replace('-', "_") != name.replace('-', "_") {
                    self.renamed.insert(name.clone());
                }
                into.insert(name);
            }
        }
    }

    /// All that it asks for.
    pub fn all(&self) -> impl Iterator<Item = &String> {
        self.normal.iter().chain(&self.build).chain(&self.development)
    }
}

fn real_name(key: &str, value: &Value, root: &Root) -> String {
    if let Some(name) = value.get("package").and_then(Value::as_str) {
        return name.to_owned();
    }
    let inherits = value.get("workspace").and_then(Value::as_bool) == Some(true);
    inherits.then(|| root.renamed.get(key).cloned()).flatten().unwrap_or_else(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_says_what_runs_what_builds_and_what_tests() {
        let root = Root::read(
            "[workspace]\ndefault-members = [\"crates/cli\"]\n[workspace.dependencies]\n\
             short = { package = \"a-long-name\", version = \"1\" }\n",
        );
        let manifest = Manifest::read(
            "[package]\nname = \"mine\"\nversion = \"1.0.0\"\n[dependencies]\nserde = \"1\"\n\
             short.workspace = true\n[dev-dependencies]\nother = { package = \"real\", version = \"1\" }\n\
             [target.'cfg(unix)'.build-dependencies]\ncc = \"1\"\n",
            &root,
        )
        .unwrap();
        assert!(manifest.normal.iter().eq(["a-long-name", "serde"]));
        assert!(manifest.build.iter().eq(["cc"]));
        assert!(manifest.development.iter().eq(["real"]));
        assert!(manifest.renamed.iter().eq(["a-long-name", "real"]));
        assert!(root.is_default(Path::new("crates/cli")) && !root.is_default(Path::new("xtask")));
    }
}
