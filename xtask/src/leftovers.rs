//! Tests end what they start: this finds programs of this build that are still running.

use crate::process::Failure;
use crate::repo;
use std::collections::BTreeSet;
use std::fs;

/// The programs from `target/` that run now, this chore aside: (process id, path).
pub(crate) fn running() -> BTreeSet<(u32, String)> {
    let target = repo::target();
    let Ok(processes) = fs::read_dir("/proc") else {
        return BTreeSet::new();
    };
    processes
        .flatten()
        .filter_map(|entry| {
            let id: u32 = entry.file_name().to_str()?.parse().ok()?;
            let program = fs::read_link(entry.path().join("exe")).ok()?;
            let ours = program.starts_with(&target) && id != std::process::id();
            ours.then(|| (id, program.display().to_string()))
        })
        .collect()
}

/// Fails when something runs that did not run `before`.
pub(crate) fn check(before: &BTreeSet<(u32, String)>) -> Result<(), Failure> {
    let after = running();
    let left: Vec<String> =
        after.difference(before).map(|(id, program)| format!("{program} ({id})")).collect();
    if left.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(format!("the tests left running: {}", left.join(", "))))
    }
}
