//! cargo-audit, which holds lock files of Rust against RustSec's advisories.

use super::{Row, Section};
use crate::process::{Failure, Program};
use crate::{peers_table, repo, tools};
use std::fs;
use std::path::{Path, PathBuf};

/// One thing that cargo-audit says: an advisory, or that a version was taken back.
#[derive(Default)]
struct Said {
    name: String,
    version: String,
    kind: String,
    id: String,
}

/// A project with old versions, and this one.
pub(crate) fn sections() -> Result<Vec<Section>, Failure> {
    let advisories = repo::advisories();
    if !advisories.exists() {
        println!("skipped: no advisories at {}", advisories.display());
        return Ok(Vec::new());
    }
    let inputs = [
        (
            "a program of old releases",
            repo::root().join("tests/vectors/dependencies/old-lamp.lock"),
        ),
        ("this project", repo::root().join("Cargo.lock")),
    ];
    inputs.iter().map(|(name, lock)| section(name, lock, &advisories)).collect()
}

fn section(name: &str, lock: &Path, advisories: &Path) -> Result<Section, Failure> {
    let audit = tools::wheel("cargo-audit")?;
    let version = Program::new(&audit).arg("--version").capture()?;
    let said = said(&audit, lock, advisories)?;
    let ours = ours(lock, advisories)?;
    let row = |said: &Said| Row { theirs: title(said), ours: found(said, &ours) };
    Ok(Section {
        title: format!("{} on {name}", version.trim().replace("cargo-audit-audit", "cargo-audit")),
        how: "`cargo audit --no-fetch --stale --db ADVISORIES`, and `pintle checklist run --target host --project DIR \
              --advisories ADVISORIES`"
            .into(),
        rows: said.iter().map(row).collect(),
    })
}

fn title(said: &Said) -> String {
    format!("{} {} {}: {}", said.name, said.version, said.id, said.kind)
}

/// What cargo-audit prints: a block of lines for each thing that it says. It ends with 1 where there is any.
fn said(audit: &Path, lock: &Path, advisories: &Path) -> Result<Vec<Said>, Failure> {
    let text = Program::new(audit)
        .args(["audit", "--no-fetch", "--stale", "--color", "never", "--db"])
        .arg(advisories)
        .arg("--file")
        .arg(lock)
        .output()?;
    let mut all: Vec<Said> = Vec::new();
    for line in text.lines() {
        let Some((key, value)) = line.split_once(':') else { continue };
        let value = value.trim().to_owned();
        if key == "Crate" {
            all.push(Said { name: value, kind: "vulnerability".into(), ..Said::default() });
            continue;
        }
        let Some(last) = all.last_mut() else { continue };
        match key {
            "Version" => last.version = value,
            "Warning" => last.kind = value,
            "ID" => last.id = value,
            _ => {}
        }
    }
    Ok(all)
}

/// Our findings: check and subject.
fn ours(lock: &Path, advisories: &Path) -> Result<Vec<(String, String)>, Failure> {
    let project = project(lock)?;
    let empty = project.join("empty");
    let text = Program::new(peers_table::pintle()?)
        .args(["checklist", "run", "--target", "host", "--json", "--root"])
        .arg(&empty)
        .arg("--project")
        .arg(&project)
        .arg("--advisories")
        .arg(advisories)
        .output()?;
    let mut found = Vec::new();
    let mut check = String::new();
    for line in text.lines() {
        if let Some(value) = quoted(line, "check") {
            check = value;
        } else if let Some(subject) = quoted(line, "subject") {
            found.push((check.clone(), subject));
        }
    }
    Ok(found)
}

/// A folder with the lock file under its usual name, and nothing else.
fn project(lock: &Path) -> Result<PathBuf, Failure> {
    let folder = repo::target().join("peers-table").join(lock.file_stem().unwrap_or_default());
    let empty = folder.join("empty");
    fs::create_dir_all(&empty).map_err(|error| Failure::at(&empty, &error))?;
    let copy = folder.join("Cargo.lock");
    fs::copy(lock, &copy).map_err(|error| Failure::at(&copy, &error))?;
    Ok(folder)
}

/// `"KEY": "VALUE"`, on a line of its own.
fn quoted(line: &str, key: &str) -> Option<String> {
    let rest = line.trim().strip_prefix(&format!("\"{key}\": \""))?;
    rest.trim_end_matches(',').strip_suffix('"').map(str::to_owned)
}

fn found(said: &Said, ours: &[(String, String)]) -> Result<String, String> {
    let of = format!("{} {}", said.name, said.version);
    let subject = if said.id.is_empty() { of } else { format!("{} {of}", said.id) };
    match ours.iter().find(|(_, found)| *found == subject) {
        Some((check, subject)) => Ok(format!("`{check}`: {subject}")),
        None => Err("not found".into()),
    }
}
