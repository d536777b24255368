//! An npm project: `package-lock.json`, versions 2 and 3.
//!
//! A package stands in it by the folder in which it will lie, so what a name means to it is found as Node finds it: in the
//! nearest `node_modules` on the way up.

use super::component::{Bom, Component, Ecosystem, Hash, Origin, Scope};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// What a project is made of, as its lock file says.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// The packages that are not its own.
    pub bom: Bom,
    /// What the project itself asks for, by name.
    pub direct: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    #[serde(default)]
    lockfile_version: u32,
    packages: Option<BTreeMap<String, Package>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Package {
    name: Option<String>,
    version: Option<String>,
    resolved: Option<String>,
    integrity: Option<String>,
    link: bool,
    dev: bool,
    dev_optional: bool,
    has_install_script: bool,
    license: Value,
    dependencies: BTreeMap<String, String>,
    optional_dependencies: BTreeMap<String, String>,
    dev_dependencies: BTreeMap<String, String>,
    peer_dependencies: BTreeMap<String, String>,
}

/// Reads a lock file.
///
/// # Errors
/// It is none, or one of the first version: a sentence.
pub fn read(text: &str) -> Result<Tree, String> {
    let file: File =
        serde_json::from_str(text).map_err(|error| format!("not a package-lock.json: {error}"))?;
    let Some(packages) = file.packages else {
        let version = file.lockfile_version;
        return Err(format!(
            "lock file version {version} does not say enough: write it anew with npm 7 or later"
        ));
    };
    let root = packages.get("").map(|root| (root.name.clone(), root.version.clone()));
    let (subject, version) = root.unwrap_or_default();
    let foreign = packages.iter().filter(|(path, package)| is_foreign(path, package));
    let components = foreign.filter_map(|(path, package)| component(path, package, &packages));
    let mut bom = Bom {
        subject: subject.unwrap_or_default(),
        version: version.unwrap_or_default(),
        components: components.collect(),
    };
    bom.settle();
    Ok(Tree { bom, direct: direct(&packages) })
}

/// What a `package.json` asks for, to be run and to be tested; `None` where it is none.
#[must_use]
pub fn asked_for(manifest: &str) -> Option<BTreeSet<String>> {
    let package: Package = serde_json::from_str(manifest).ok()?;
    let lists = [package.dependencies, package.optional_dependencies, package.dev_dependencies];
    Some(lists.into_iter().flat_map(BTreeMap::into_keys).collect())
}

fn is_foreign(path: &str, package: &Package) -> bool {
    path.contains("node_modules/") && !package.link
}

/// What the project and its own workspaces ask for.
fn direct(packages: &BTreeMap<String, Package>) -> BTreeSet<String> {
    let own = packages.iter().filter(|(path, _)| !path.contains("node_modules/"));
    let lists = own.flat_map(|(_, one)| {
        [&one.dependencies, &one.optional_dependencies, &one.dev_dependencies]
    });
    lists.flat_map(BTreeMap::keys).cloned().collect()
}

fn component(
    path: &str,
    package: &Package,
    packages: &BTreeMap<String, Package>,
) -> Option<Component> {
    let mut component =
        Component::new(Ecosystem::Npm, name(path, package)?, package.version.as_deref()?);
    component.scope =
        if package.dev || package.dev_optional { Scope::Development } else { Scope::Ships };
    component.origin = origin(package.resolved.as_deref());
    component.hash = package.integrity.as_deref().and_then(hash);
    component.licence = licence(&package.license);
    component.runs_at_install = package.has_install_script;
    let needs = [&package.dependencies, &package.optional_dependencies, &package.peer_dependencies];
    let found =
        needs.into_iter().flat_map(BTreeMap::keys).filter_map(|name| find(path, name, packages));
    component.needs = found.collect();
    component.needs.sort();
    component.needs.dedup();
    Some(component)
}

/// A package that has another name than its folder says so.
fn name<'a>(path: &'a str, package: &'a Package) -> Option<&'a str> {
    package.name.as_deref().or_else(|| path.rsplit_once("node_modules/").map(|(_, name)| name))
}

fn find(from: &str, wanted: &str, packages: &BTreeMap<String, Package>) -> Option<String> {
    let mut folder = Some(from);
    while let Some(at) = folder {
        let path = match at {
            "" => format!("node_modules/{wanted}"),
            at => format!("{at}/node_modules/{wanted}"),
        };
        if let Some(package) = packages.get(&path).filter(|package| !package.link) {
            let version = package.version.as_deref()?;
            return Some(Component::new(Ecosystem::Npm, name(&path, package)?, version).purl);
        }
        folder = (!at.is_empty())
            .then(|| at.rfind("/node_modules/").and_then(|end| at.get(..end)).unwrap_or(""));
    }
    None
}

/// A lock file from which the addresses were left out speaks of the registry.
fn origin(resolved: Option<&str>) -> Origin {
    match resolved {
        None => Origin::Registry,
        Some(address) if address.starts_with("https://registry.npmjs.org/") => Origin::Registry,
        Some(address) if address.starts_with("git") => Origin::Git(address.into()),
        Some(address) if address.starts_with("file:") => Origin::Folder,
        Some(address) => Origin::Address(address.into()),
    }
}

/// The strongest of the hashes that are named, as subresource integrity writes them.
fn hash(integrity: &str) -> Option<Hash> {
    let strength = ["sha512-", "sha384-", "sha256-", "sha1-"];
    let (kind, text) = strength.iter().find_map(|kind| {
        let found = integrity.split_ascii_whitespace().find_map(|one| one.strip_prefix(kind))?;
        Some((kind.trim_start_matches("sha").trim_end_matches('-'), found))
    })?;
    let bytes = STANDARD.decode(text.split('?').next()?).ok()?;
    let hex = bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    Some(Hash { algorithm: format!("SHA-{kind}"), hex })
}

/// A string today; an object or a list of them in what is old.
fn licence(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(object) => object.get("type").and_then(licence),
        Value::Array(list) => {
            let names: Vec<String> = list.iter().filter_map(licence).collect();
            (!names.is_empty()).then(|| names.join(" OR "))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_the_package_in_the_nearest_folder_on_the_way_up() {
        let tree = read(
            r#"{"lockfileVersion":3,"packages":{
            "":{"name":"app","version":"1.0.0","dependencies":{"a":"^1"},"devDependencies":{"t":"1"}},
            "node_modules/a":{"version":"1.0.0","dependencies":{"b":"^1","c":"*"},
              "integrity":"sha1-AAAA sha512-/w==","license":"MIT"},
            "node_modules/a/node_modules/b":{"version":"1.5.0"},
            "node_modules/b":{"version":"2.0.0"},"node_modules/c":{"name":"real-c","version":"3.0.0"},
            "node_modules/t":{"version":"1.0.0","dev":true,"hasInstallScript":true}}}"#,
        )
        .unwrap();
        let find = |name: &str, version: &str| {
            let is = |one: &&Component| one.name == name && one.version == version;
            tree.bom.components.iter().find(is).unwrap()
        };
        assert_eq!(find("a", "1.0.0").needs, ["pkg:npm/b@1.5.0", "pkg:npm/real-c@3.0.0"]);
        let hash = Hash { algorithm: "SHA-512".into(), hex: "ff".into() };
        assert_eq!(find("a", "1.0.0").hash, Some(hash));
        assert_eq!(find("b", "2.0.0").scope, Scope::Ships);
        assert!(find("t", "1.0.0").runs_at_install);
        assert_eq!(find("t", "1.0.0").scope, Scope::Development);
        assert!(tree.direct.iter().eq(["a", "t"]));
    }

    #[test]
    fn a_lock_file_of_the_first_version_is_refused_with_what_to_do() {
        let error = read(r#"{"lockfileVersion":1,"dependencies":{}}"#).unwrap_err();
        assert!(error.contains("npm 7"), "{error}");
    }
}
