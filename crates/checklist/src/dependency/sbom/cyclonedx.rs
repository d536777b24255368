//! CycloneDX 1.6 as JSON (ECMA-424). Read from 1.2 on: what is used here has been the same since.

use super::{component as named, is_expression};
use crate::dependency::component::{Bom, Component, Ecosystem, Hash, Origin, Scope};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    components: Vec<Entry>,
    #[serde(default)]
    dependencies: Vec<Edges>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    component: Option<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Entry {
    #[serde(default)]
    name: String,
    group: Option<String>,
    #[serde(default)]
    version: String,
    purl: Option<String>,
    bom_ref: Option<String>,
    scope: Option<String>,
    #[serde(default)]
    hashes: Vec<Sum>,
    #[serde(default)]
    licenses: Vec<Licence>,
    /// Components within components.
    #[serde(default)]
    components: Vec<Entry>,
}

#[derive(Deserialize)]
struct Sum {
    #[serde(default)]
    alg: String,
    #[serde(default)]
    content: String,
}

#[derive(Deserialize)]
struct Licence {
    expression: Option<String>,
    license: Option<One>,
}

#[derive(Deserialize)]
struct One {
    id: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Edges {
    #[serde(rename = "ref")]
    of: String,
    #[serde(default)]
    depends_on: Vec<String>,
}

pub fn read(value: Value) -> Result<Bom, serde_json::Error> {
    let document: Document = serde_json::from_value(value)?;
    let subject = document.metadata.component;
    let (subject, version) = subject.map(|of| (of.name, of.version)).unwrap_or_default();
    let mut entries = Vec::new();
    flatten(document.components, &mut entries);
    let purls: BTreeMap<String, String> =
        entries.iter().filter_map(|one| Some((one.bom_ref.clone()?, one.purl.clone()?))).collect();
    let needs: BTreeMap<String, Vec<String>> =
        document.dependencies.into_iter().map(|edges| (edges.of, edges.depends_on)).collect();
    let components = entries.into_iter().map(|entry| component(entry, &purls, &needs)).collect();
    Ok(Bom { subject, version, components })
}

fn flatten(entries: Vec<Entry>, into: &mut Vec<Entry>) {
    let mut waiting = entries;
    while let Some(mut entry) = waiting.pop() {
        waiting.append(&mut entry.components);
        into.push(entry);
    }
}

fn component(
    entry: Entry,
    purls: &BTreeMap<String, String>,
    needs: &BTreeMap<String, Vec<String>>,
) -> Component {
    let name = match entry.group.as_deref() {
        None | Some("") => entry.name,
        Some(group) => format!("{group}/{}", entry.name),
    };
    let mut component = named(entry.purl.as_deref(), &name, &entry.version);
    component.scope = match entry.scope.as_deref() {
        Some("excluded") => Scope::Development,
        _ => Scope::Ships,
    };
    component.hash = entry
        .hashes
        .into_iter()
        .next()
        .map(|sum| Hash { algorithm: sum.alg, hex: sum.content.to_ascii_lowercase() });
    component.licence = licence(entry.licenses);
    let of = entry.bom_ref.and_then(|own| needs.get(&own));
    component.needs =
        of.into_iter().flatten().filter_map(|other| purls.get(other)).cloned().collect();
    component
}

fn licence(licences: Vec<Licence>) -> Option<String> {
    let named = |one: Licence| one.expression.or(one.license.and_then(|one| one.id.or(one.name)));
    let names: Vec<String> = licences.into_iter().filter_map(named).collect();
    (!names.is_empty()).then(|| names.join(" AND "))
}

pub fn document(bom: &Bom, time: &str, id: &str) -> Value {
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": uuid(id),
        "version": 1,
        "metadata": {
            "timestamp": time,
            "tools": { "components": [
                { "type": "application", "name": "pintle", "version": env!("CARGO_PKG_VERSION") },
            ] },
            "component": subject(bom),
        },
        "components": bom.components.iter().map(entry).collect::<Vec<_>>(),
        "dependencies": bom.components.iter().filter(|one| !one.purl.is_empty()).map(edges).collect::<Vec<_>>(),
    })
}

fn subject(bom: &Bom) -> Value {
    let mut subject = json!({ "type": "application", "bom-ref": "subject", "name": bom.subject });
    put(&mut subject, "version", Some(bom.version.clone()).filter(|text| !text.is_empty()));
    subject
}

fn entry(component: &Component) -> Value {
    let mut entry = json!({
        "type": if component.ecosystem == Ecosystem::Firmware { "firmware" } else { "library" },
        "name": component.name,
        "version": component.version,
        "scope": if component.scope == Scope::Ships { "required" } else { "excluded" },
    });
    let purl = Some(component.purl.clone()).filter(|text| !text.is_empty());
    put(&mut entry, "bom-ref", purl.clone());
    put(&mut entry, "purl", purl);
    let hash = component.hash.as_ref();
    put(
        &mut entry,
        "hashes",
        hash.map(|hash| json!([{ "alg": hash.algorithm, "content": hash.hex }])),
    );
    put(&mut entry, "licenses", component.licence.as_deref().map(licences));
    if let Origin::Git(address) | Origin::Address(address) = &component.origin {
        let reference = json!([{ "type": "distribution", "url": address }]);
        put(&mut entry, "externalReferences", Some(reference));
    }
    entry
}

/// What SPDX does not know is a name, not an expression.
fn licences(licence: &str) -> Value {
    if is_expression(licence) {
        json!([{ "expression": licence }])
    } else {
        json!([{ "license": { "name": licence } }])
    }
}

fn edges(component: &Component) -> Value {
    json!({ "ref": component.purl, "dependsOn": component.needs })
}

fn put(into: &mut Value, key: &str, value: Option<impl Into<Value>>) {
    if let (Some(object), Some(value)) = (into.as_object_mut(), value) {
        object.insert(key.into(), value.into());
    }
}

/// The digits as a UUID of version 8 (RFC 9562 5.8): one that is made of a hash.
fn uuid(id: &str) -> String {
    let part = |from: usize, to: usize| id.get(from..to).unwrap_or_default();
    format!(
        "urn:uuid:{}-{}-8{}-8{}-{}",
        part(0, 8),
        part(8, 12),
        part(13, 16),
        part(17, 20),
        part(20, 32)
    )
}
