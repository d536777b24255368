//! Looking: what came of this run's attacks, the record of the last full run, and the reports that the profile names.

use super::attempts::{Attempts, Record};
use super::hired::{Hired, Test};
use super::{Penetration, Plan, reader};
use crate::ground::Ground;
use crate::look::Look;
use crate::profile::Profile;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// The longest report that is read, in bytes.
const LONGEST: u64 = 32 << 20;

/// What is looked at.
pub struct Asked<'a> {
    /// What came of this run's attacks, or why none was run.
    pub attempts: Look<Attempts>,
    /// Where a full run keeps its record, if anywhere.
    pub record: Option<&'a Path>,
    /// The program that the node runs, or why nobody knows.
    pub program: Result<&'a Path, String>,
    /// What the profile says of penetration tests.
    pub plan: &'a Plan,
    /// The folder that the profile lies in: names of reports are relative to it.
    pub folder: &'a Path,
}

/// Looks, in a run.
#[must_use]
pub fn of(ground: &Ground, profile: &Profile) -> Look<Penetration> {
    look(Asked {
        attempts: ground.attempts().clone(),
        record: ground.record.as_deref(),
        program: ground.program.as_deref().map_err(Clone::clone),
        plan: &profile.penetration,
        folder: &ground.profile_folder,
    })
}

/// Looks.
#[must_use]
pub fn look(asked: Asked<'_>) -> Look<Penetration> {
    let found = Penetration {
        full: full(asked.record),
        build: build(asked.program),
        hired: hired(asked.plan, asked.folder),
        selection: asked.attempts,
    };
    Look::seen(
        ["this run's attacks, the record of the last full run, the reports of hired testers"],
        found,
    )
}

fn full(record: Option<&Path>) -> Look<Record> {
    const NONE: &str = "no full run is recorded: run `pintle attack --full`";
    let Some(path) = record else { return Look::unseen(NONE) };
    match Record::read(path) {
        Ok(Some(record)) => Look::seen(["read the record of the last full run"], record),
        Ok(None) => Look::unseen(NONE),
        Err(why) => Look::unseen(why),
    }
}

/// SHA-256 of a program, in hex: which build it is.
///
/// # Errors
/// For a person: it cannot be read.
pub fn build_of(program: &Path) -> Result<String, String> {
    let bytes = fs::read(program).map_err(|why| format!("{}: {why}", program.display()))?;
    Ok(sha256(&bytes))
}

fn build(program: Result<&Path, String>) -> Look<String> {
    match program.and_then(build_of) {
        Ok(hash) => Look::seen(["SHA-256 of the program that the node runs"], hash),
        Err(why) => Look::unseen(why),
    }
}

fn hired(plan: &Plan, folder: &Path) -> Look<Hired> {
    if plan.reports.is_empty() {
        return Look::unseen(
            "the profile names no report of hired testers: name each under [[penetration.reports]]",
        );
    }
    let mut hired = Hired::default();
    for report in &plan.reports {
        let path = folder.join(&report.file);
        let named = |why: &dyn std::fmt::Display| format!("the report {}: {why}", path.display());
        let bytes = match bounded(&path) {
            Ok(bytes) => bytes,
            Err(why) => return Look::unseen(named(&why)),
        };
        let is_json = report.file.extension().is_some_and(|end| end == "sarif" || end == "json");
        let read = if is_json { reader::sarif(&bytes) } else { reader::csv(&bytes) };
        match read {
            Ok(found) => hired.findings.extend(found),
            Err(why) => return Look::unseen(named(&why)),
        }
        let (by, day) = (report.by.clone(), report.day.clone());
        hired.tests.push(Test { by, day, sha256: sha256(&bytes) });
    }
    let ran = plan.reports.iter().map(|report| format!("read {}", report.file.display()));
    Look::seen(ran, hired.retested(plan))
}

fn bounded(path: &Path) -> Result<Vec<u8>, String> {
    let length = fs::metadata(path).map_err(|why| why.to_string())?.len();
    if length > LONGEST {
        return Err(format!("it is longer than {} MiB", LONGEST >> 20));
    }
    fs::read(path).map_err(|why| why.to_string())
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
