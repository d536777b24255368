//! The vulnerabilities of a CycloneDX document, with what its maker made of them.

use super::{Justification, Statement, Status};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    components: Vec<Component>,
    #[serde(default)]
    vulnerabilities: Vec<Vulnerability>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Component {
    bom_ref: Option<String>,
    purl: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vulnerability {
    #[serde(default)]
    id: String,
    #[serde(default)]
    references: Vec<Reference>,
    analysis: Option<Analysis>,
    #[serde(default)]
    affects: Vec<Affected>,
    #[serde(default)]
    recommendation: String,
    updated: Option<String>,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(default)]
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Analysis {
    #[serde(default)]
    state: String,
    #[serde(default)]
    justification: String,
    #[serde(default)]
    detail: String,
    last_updated: Option<String>,
}

#[derive(Deserialize)]
struct Affected {
    #[serde(rename = "ref")]
    of: String,
}

/// Vulnerabilities that nobody analysed are no statements.
pub fn read(value: Value) -> Result<Vec<Statement>, serde_json::Error> {
    let document: Document = serde_json::from_value(value)?;
    let purls = document.components.into_iter().filter_map(|one| Some((one.bom_ref?, one.purl?)));
    let purls: BTreeMap<String, String> = purls.collect();
    Ok(document.vulnerabilities.into_iter().filter_map(|one| statement(one, &purls)).collect())
}

fn statement(one: Vulnerability, purls: &BTreeMap<String, String>) -> Option<Statement> {
    let analysis = one.analysis?;
    // What lies in another document is named by that one's serial number, and behind the mark by its name there.
    let name = |of: String| of.rsplit_once('#').map(|(_, name)| name.to_owned()).unwrap_or(of);
    let named = one.affects.into_iter().map(|affected| name(affected.of));
    let mut vulnerability = vec![one.id];
    vulnerability.extend(one.references.into_iter().map(|reference| reference.id));
    vulnerability.retain(|id| !id.is_empty());
    Some(Statement {
        vulnerability,
        products: named.map(|name| purls.get(&name).cloned().unwrap_or(name)).collect(),
        status: status(&analysis.state),
        justification: justification(&analysis.justification),
        note: if analysis.detail.is_empty() { one.recommendation } else { analysis.detail },
        at: analysis.last_updated.or(one.updated).unwrap_or_default(),
    })
}

/// What is not known here settles nothing.
fn status(state: &str) -> Status {
    match state {
        "resolved" | "resolved_with_pedigree" => Status::Fixed,
        "not_affected" | "false_positive" => Status::NotAffected,
        "exploitable" => Status::Affected,
        _ => Status::UnderInvestigation,
    }
}

fn justification(name: &str) -> Option<Justification> {
    match name {
        "code_not_present" => Some(Justification::VulnerableCodeNotPresent),
        "code_not_reachable" | "requires_configuration" | "requires_environment" => {
            Some(Justification::VulnerableCodeNotInExecutePath)
        }
        "requires_dependency" => Some(Justification::ComponentNotPresent),
        "protected_by_compiler" | "protected_at_runtime" | "protected_by_mitigating_control" => {
            Some(Justification::InlineMitigationsAlreadyExist)
        }
        "protected_at_perimeter" => {
            Some(Justification::VulnerableCodeCannotBeControlledByAdversary)
        }
        _ => None,
    }
}

pub fn document(statements: &[Statement], author: &str, time: &str) -> Value {
    let mut products: Vec<&String> = statements.iter().flat_map(|one| &one.products).collect();
    products.sort();
    products.dedup();
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "timestamp": time, "authors": [{ "name": author }] },
        "components": products.into_iter().map(component).collect::<Vec<_>>(),
        "vulnerabilities": statements.iter().map(|one| vulnerability(one, time)).collect::<Vec<_>>(),
    })
}

/// A reference has to point at something in the document.
fn component(product: &String) -> Value {
    match crate::dependency::purl::Purl::read(product) {
        Some(purl) => json!({
            "type": "library", "bom-ref": product, "name": purl.name, "version": purl.version, "purl": product,
        }),
        None => json!({ "type": "application", "bom-ref": product, "name": product }),
    }
}

fn vulnerability(statement: &Statement, time: &str) -> Value {
    let (id, others) = match statement.vulnerability.split_first() {
        Some((id, others)) => (id.as_str(), others),
        None => ("", [].as_slice()),
    };
    let mut analysis = json!({
        "state": match statement.status {
            Status::NotAffected => "not_affected",
            Status::Affected => "exploitable",
            Status::Fixed => "resolved",
            Status::UnderInvestigation => "in_triage",
        },
        "lastUpdated": if statement.at.is_empty() { time } else { &statement.at },
    });
    if let Some(object) = analysis.as_object_mut() {
        if let Some(justification) = statement.justification {
            object.insert("justification".into(), written(justification).into());
        }
        if !statement.note.is_empty() {
            object.insert("detail".into(), statement.note.as_str().into());
        }
    }
    let affected = |one: &String| json!({ "ref": one });
    json!({
        "id": id,
        "references": others.iter().map(|id| json!({ "id": id, "source": {} })).collect::<Vec<_>>(),
        "analysis": analysis,
        "affects": statement.products.iter().map(affected).collect::<Vec<_>>(),
    })
}

const fn written(justification: Justification) -> &'static str {
    match justification {
        Justification::ComponentNotPresent => "requires_dependency",
        Justification::VulnerableCodeNotPresent => "code_not_present",
        Justification::VulnerableCodeNotInExecutePath => "code_not_reachable",
        Justification::VulnerableCodeCannotBeControlledByAdversary => "protected_at_perimeter",
        Justification::InlineMitigationsAlreadyExist => "protected_by_mitigating_control",
    }
}
