//! The report as SARIF 2.1.0 (OASIS), for code hosts: a result for each fault. What was accepted is suppressed, what could
//! not be tried is a notification, and what holds is only in the list of rules.

use super::{Entry, Report};
use crate::check::Severity;
use crate::finding::{Accepted, Outcome};
use crate::manifest::sha256;
use crate::verdict::Fault;
use serde_json::{Value, json};

/// The file that has it.
pub const FILE: &str = "report.sarif";

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The whole log.
#[must_use]
pub fn log(report: &Report) -> Value {
    let results: Vec<Value> = report.findings.iter().flat_map(results).collect();
    let untried: Vec<Value> = report.findings.iter().filter_map(untried).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "pintle checklist",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": report.findings.iter().map(rule).collect::<Vec<_>>(),
            }},
            "invocations": [{
                "executionSuccessful": true,
                "startTimeUtc": report.times.began,
                "toolExecutionNotifications": untried,
            }],
            "columnKind": "utf16CodeUnits",
            "results": results,
        }],
    })
}

fn rule(entry: &Entry) -> Value {
    let anchors = entry.anchors.iter().map(|anchor| format!("{} {}", anchor.standard, anchor.id));
    json!({
        "id": entry.check,
        "shortDescription": { "text": entry.claim },
        "fullDescription": { "text": format!("{} {}", entry.claim, entry.how) },
        "help": { "text": entry.remedy },
        "defaultConfiguration": { "level": level(entry.severity) },
        "properties": {
            "tags": ["security"],
            "security-severity": score(entry.severity),
            "standards": anchors.collect::<Vec<_>>(),
        },
    })
}

fn results(entry: &Entry) -> Vec<Value> {
    let (open, accepted): (&[Fault], &[Accepted]) = match &entry.outcome {
        Outcome::Broken { faults, accepted } => (faults, accepted),
        Outcome::Accepted { accepted } => (&[], accepted),
        Outcome::Holds { .. } | Outcome::Untried { .. } => (&[], &[]),
    };
    let open = open.iter().map(|fault| result(entry, fault));
    open.chain(accepted.iter().map(|accepted| suppressed(entry, accepted))).collect()
}

fn result(entry: &Entry, fault: &Fault) -> Value {
    json!({
        "ruleId": entry.check,
        "level": level(entry.severity),
        "message": { "text": format!("{}: {} {}", fault.subject, fault.detail, entry.remedy) },
        "locations": [{
            "physicalLocation": { "artifactLocation": { "uri": entry.evidence } },
            "logicalLocations": [{ "fullyQualifiedName": fault.subject }],
        }],
        // The same fault in two runs is the same alert, whatever its details.
        "partialFingerprints": { "checkAndSubject/v1": fingerprint(entry, fault) },
    })
}

fn suppressed(entry: &Entry, accepted: &Accepted) -> Value {
    let by = &accepted.by;
    let why = format!("{} (accepted by {} until {})", by.why, by.by, by.until);
    let mut result = result(entry, &accepted.fault);
    if let Some(fields) = result.as_object_mut() {
        let suppression =
            json!([{ "kind": "external", "status": "accepted", "justification": why }]);
        fields.insert("suppressions".into(), suppression);
    }
    result
}

fn untried(entry: &Entry) -> Option<Value> {
    let Outcome::Untried { why } = &entry.outcome else { return None };
    Some(json!({
        "level": "note",
        "associatedRule": { "id": entry.check },
        "message": { "text": format!("{} was not tried: {why}", entry.check) },
    }))
}

fn fingerprint(entry: &Entry, fault: &Fault) -> String {
    sha256(format!("{}\n{}", entry.check, fault.subject).as_bytes())
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "note",
        Severity::Medium => "warning",
        Severity::High | Severity::Critical => "error",
    }
}

/// What code hosts sort by, within the bounds that they give the four words.
const fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "3.0",
        Severity::Medium => "5.5",
        Severity::High => "8.0",
        Severity::Critical => "9.5",
    }
}
