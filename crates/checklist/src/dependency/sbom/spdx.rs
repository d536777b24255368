//! SPDX 2.3 as JSON (ISO/IEC 5962 is its 2.2.1, which is read as well).

use super::{component as named, is_expression};
use crate::dependency::component::{Bom, Component, Hash, Origin, Scope};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const SUBJECT: &str = "SPDXRef-subject";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(default)]
    name: String,
    #[serde(default)]
    packages: Vec<Package>,
    #[serde(default)]
    relationships: Vec<Relationship>,
    #[serde(default)]
    document_describes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Package {
    #[serde(default)]
    name: String,
    #[serde(rename = "SPDXID", default)]
    id: String,
    #[serde(default)]
    version_info: String,
    #[serde(default)]
    license_concluded: String,
    #[serde(default)]
    license_declared: String,
    #[serde(default)]
    checksums: Vec<Sum>,
    #[serde(default)]
    external_refs: Vec<Reference>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sum {
    #[serde(default)]
    algorithm: String,
    #[serde(default)]
    checksum_value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    #[serde(default)]
    reference_type: String,
    #[serde(default)]
    reference_locator: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Relationship {
    spdx_element_id: String,
    relationship_type: String,
    related_spdx_element: String,
}

impl Package {
    fn purl(&self) -> Option<&str> {
        let is = |one: &&Reference| one.reference_type == "purl";
        self.external_refs.iter().find(is).map(|one| one.reference_locator.as_str())
    }

    fn licence(&self) -> Option<String> {
        let said = |text: &&String| !["", "NOASSERTION", "NONE"].contains(&text.as_str());
        [&self.license_concluded, &self.license_declared].into_iter().find(said).cloned()
    }
}

pub fn read(value: Value) -> Result<Bom, serde_json::Error> {
    let document: Document = serde_json::from_value(value)?;
    let described = described(&document);
    let purls: BTreeMap<&str, &str> =
        document.packages.iter().filter_map(|one| Some((one.id.as_str(), one.purl()?))).collect();
    let others = document.packages.iter().filter(|one| !described.contains(one.id.as_str()));
    let mut related: BTreeMap<&str, Vec<&Relationship>> = BTreeMap::new();
    for one in &document.relationships {
        related.entry(&one.spdx_element_id).or_default().push(one);
    }
    let components = others.map(|one| component(one, &purls, &related)).collect();
    let subject = document.packages.iter().find(|one| described.contains(one.id.as_str()));
    let (subject, version) = match subject {
        Some(subject) => (subject.name.clone(), subject.version_info.clone()),
        None => (document.name.clone(), String::new()),
    };
    Ok(Bom { subject, version, components })
}

/// The packages that the document is about: no components of it.
fn described(document: &Document) -> BTreeSet<&str> {
    let listed = document.document_describes.iter().map(String::as_str);
    let related = document.relationships.iter().filter_map(|one| {
        (one.spdx_element_id == "SPDXRef-DOCUMENT" && one.relationship_type == "DESCRIBES")
            .then_some(one.related_spdx_element.as_str())
    });
    listed.chain(related).collect()
}

fn component(
    package: &Package,
    purls: &BTreeMap<&str, &str>,
    related: &BTreeMap<&str, Vec<&Relationship>>,
) -> Component {
    let mut component = named(package.purl(), &package.name, &package.version_info);
    component.licence = package.licence();
    component.hash = package.checksums.first().map(|sum| Hash {
        algorithm: dashed(&sum.algorithm),
        hex: sum.checksum_value.to_ascii_lowercase(),
    });
    for one in related.get(package.id.as_str()).into_iter().flatten() {
        match one.relationship_type.as_str() {
            "DEPENDS_ON" => {
                let other = purls.get(one.related_spdx_element.as_str());
                component.needs.extend(other.map(|purl| (*purl).to_owned()));
            }
            "BUILD_DEPENDENCY_OF" => component.scope = Scope::Build,
            "DEV_DEPENDENCY_OF" | "TEST_DEPENDENCY_OF" => component.scope = Scope::Development,
            _ => {}
        }
    }
    component
}

/// `SHA256` as CycloneDX writes it.
fn dashed(algorithm: &str) -> String {
    match algorithm.strip_prefix("SHA") {
        Some(size) if !size.starts_with(['-', '3']) => format!("SHA-{size}"),
        Some("384") => "SHA-384".into(),
        _ => algorithm.to_owned(),
    }
}

pub fn document(bom: &Bom, time: &str, id: &str) -> Value {
    let ids: BTreeMap<&str, String> = bom
        .components
        .iter()
        .enumerate()
        .filter(|(_, one)| !one.purl.is_empty())
        .map(|(at, one)| (one.purl.as_str(), reference(at)))
        .collect();
    let packages = bom.components.iter().enumerate().map(|(at, one)| package(at, one));
    let relations =
        bom.components.iter().enumerate().flat_map(|(at, one)| relations(at, one, &ids));
    json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": bom.subject,
        "documentNamespace": format!("https://spdx.org/spdxdocs/pintle-{id}"),
        "creationInfo": {
            "created": time,
            "creators": [concat!("Tool: pintle-", env!("CARGO_PKG_VERSION"))],
        },
        "packages": std::iter::once(subject(bom)).chain(packages).collect::<Vec<_>>(),
        "relationships": std::iter::once(related("SPDXRef-DOCUMENT", "DESCRIBES", SUBJECT))
            .chain(relations)
            .collect::<Vec<_>>(),
    })
}

fn reference(at: usize) -> String {
    format!("SPDXRef-{at}")
}

fn subject(bom: &Bom) -> Value {
    let mut subject = json!({
        "SPDXID": SUBJECT,
        "name": bom.subject,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": false,
    });
    version(&mut subject, &bom.version);
    subject
}

fn version(into: &mut Value, version: &str) {
    if let Some(object) = into.as_object_mut().filter(|_| !version.is_empty()) {
        object.insert("versionInfo".into(), version.into());
    }
}

fn package(at: usize, component: &Component) -> Value {
    let licence = component.licence.as_deref().filter(|licence| is_expression(licence));
    let location = match &component.origin {
        Origin::Git(address) => format!("git+{address}"),
        Origin::Address(address) => address.clone(),
        _ => "NOASSERTION".into(),
    };
    let mut package = json!({
        "SPDXID": reference(at),
        "name": component.name,
        "downloadLocation": location,
        "filesAnalyzed": false,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": licence.unwrap_or("NOASSERTION"),
    });
    version(&mut package, &component.version);
    let Some(object) = package.as_object_mut() else { return package };
    if let Some(hash) = &component.hash {
        let sum = json!([{
            "algorithm": hash.algorithm.replace('-', ""),
            "checksumValue": hash.hex,
        }]);
        object.insert("checksums".into(), sum);
    }
    if !component.purl.is_empty() {
        let reference = json!([{
            "referenceCategory": "PACKAGE-MANAGER",
            "referenceType": "purl",
            "referenceLocator": component.purl,
        }]);
        object.insert("externalRefs".into(), reference);
    }
    package
}

fn relations(at: usize, component: &Component, ids: &BTreeMap<&str, String>) -> Vec<Value> {
    let own = reference(at);
    let of_subject = match component.scope {
        Scope::Ships => related(SUBJECT, "CONTAINS", &own),
        Scope::Build => related(&own, "BUILD_DEPENDENCY_OF", SUBJECT),
        Scope::Development => related(&own, "DEV_DEPENDENCY_OF", SUBJECT),
    };
    let needs = component.needs.iter().filter_map(|purl| ids.get(purl.as_str()));
    let needs = needs.map(|other| related(&own, "DEPENDS_ON", other));
    std::iter::once(of_subject).chain(needs).collect()
}

fn related(from: &str, how: &str, to: &str) -> Value {
    json!({ "spdxElementId": from, "relationshipType": how, "relatedSpdxElement": to })
}
