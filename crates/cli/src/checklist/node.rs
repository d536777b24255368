//! What a node is asked before a run of the checklist: its survey, and whether its audit log is whole. Both only read.

use pintle_checklist::Look;
use pintle_checklist::node::{Audit, Source};
use pintle_checklist::survey::Survey;
use pintle_cloud::audit::{Trust, check, heads};
use pintle_cloud::survey::offline;
use std::path::{Path, PathBuf};

/// Asks the node of this data folder, running or not.
pub fn ask(data: Option<&Path>) -> Source {
    let Some(data) = data else { return Source::default() };
    let survey = survey(data);
    let heads = survey.as_ref().ok().and_then(|survey| survey.settings.audit_heads.clone());
    Source {
        data: Some(data.to_owned()),
        audit: audit(data, heads),
        survey,
        installed: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

fn survey(data: &Path) -> Result<Box<Survey>, String> {
    let help = "run this as root or as the node's user, on its machine";
    let told = offline::read(data)
        .map_err(|error| format!("the node was not surveyed: {error}; {help}"))?;
    serde_json::from_value(told)
        .map(Box::new)
        .map_err(|error| format!("the node tells what this version does not understand: {error}; restart it with this version"))
}

/// Verifies the log where it lies, with the heads that were carried elsewhere where these can be read.
fn audit(data: &Path, carried: Option<PathBuf>) -> Look<Audit> {
    let heads = carried.and_then(|path| heads::read(&path).ok());
    let heads_compared = heads.is_some();
    let trust = Trust { heads: heads.unwrap_or_default(), ..Trust::default() };
    match check::store(data, trust) {
        Ok(report) => Look::seen(
            ["verified the hash chain and the signatures of the audit log"],
            Audit {
                findings: report.findings.iter().map(ToString::to_string).collect(),
                heads_compared,
            },
        ),
        Err(error) => Look::unseen(format!(
            "the audit log was not verified: {error}; run this as root or as the node's user"
        )),
    }
}
