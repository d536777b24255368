//! `pintle checklist diff`: what changed from one report to the next.

use crate::failure::Failure;
use crate::say::say;
use pintle_checklist::Severity;
use pintle_checklist::diff::{Change, Difference};
use pintle_checklist::report::{Report, json};
use std::fs;
use std::path::Path;
use std::process::ExitCode;

pub fn run(before: &Path, after: &Path, as_json: bool) -> Result<ExitCode, Failure> {
    let difference = Difference::between(&read(before)?, &read(after)?);
    match as_json {
        true => say!("{}", serde_json::to_string_pretty(&difference).map_err(Failure::failed)?),
        false => print(&difference),
    }
    Ok(ExitCode::from(difference.worst().map_or(0, Severity::exit_code)))
}

/// A report: of its folder, or as a file.
pub fn read(path: &Path) -> Result<Report, Failure> {
    let file = if path.is_dir() { path.join(json::FILE) } else { path.to_owned() };
    let told = |why: &dyn std::fmt::Display| Failure::usage(format!("{}: {why}", file.display()));
    let text = fs::read(&file).map_err(|error| told(&error))?;
    Report::from_json(&text).map_err(|error| told(&error))
}

/// In lines, the bad news first.
pub fn print(difference: &Difference) {
    if difference.is_empty() {
        say!("no difference");
    }
    let kinds = [
        ("broke", &difference.broke),
        ("not tried any more", &difference.unseen),
        ("accepted", &difference.accepted),
        ("mended", &difference.mended),
        ("tried now, and holds", &difference.seen),
    ];
    for (what, changes) in kinds {
        changes.iter().for_each(|change| line(what, change));
    }
}

fn line(what: &str, change: &Change) {
    let about = match change.about.is_empty() {
        true => String::new(),
        false => format!(": {}", change.about.join("; ")),
    };
    say!("{what}: {} ({}){about}", change.check, change.severity.name());
}
