//! `cargo xtask peers-table`: what peers find on the same inputs, and which of our checks finds it too, or why none does;
//! written to `docs/checklist-peers.md`.

mod cargo_audit;
mod lynis;
mod nmap;
mod ours;
mod sslscan;

use crate::process::{Failure, Program};
use crate::repo;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

/// What one peer finds on one input.
pub(crate) struct Section {
    /// The peer with its version, and what it looked at.
    pub(crate) title: String,
    /// How it was run, and how we were.
    pub(crate) how: String,
    /// What it found.
    pub(crate) rows: Vec<Row>,
}

/// One thing that a peer found.
pub(crate) struct Row {
    /// In its own words, shortened.
    pub(crate) theirs: String,
    /// Our check and what it says, or why there is none.
    pub(crate) ours: Result<String, String>,
}

/// `cargo xtask peers-table`.
pub(crate) fn run() -> Result<(), Failure> {
    let path = repo::root().join("docs/checklist-peers.md");
    let mut sections = Vec::new();
    sections.extend(lynis::sections()?);
    sections.extend(nmap::sections()?);
    sections.extend(cargo_audit::sections()?);
    sections.extend(sslscan::sections()?);
    fs::write(&path, page(&sections)).map_err(|error| Failure::at(&path, &error))?;
    println!("written: {}", path.display());
    Ok(())
}

fn page(sections: &[Section]) -> String {
    let mut page = String::from(
        "# What others find\n\nOther tools on the same inputs, each finding with the check of ours that finds it too, or why none \
         does.\nMade by `cargo xtask peers-table`.\n",
    );
    for section in sections {
        // Writing to a string does not fail.
        let _ = write!(page, "\n## {}\n\n{}\n", section.title, section.how);
        page.push_str(&table(&section.rows));
    }
    page
}

fn table(rows: &[Row]) -> String {
    if rows.is_empty() {
        return "\nIt finds nothing.\n".into();
    }
    let found = rows.iter().filter(|row| row.ours.is_ok()).count();
    let count = rows.len();
    let mut table = format!(
        "\n{found} of its {count} findings are found here too.\n\n| its finding | ours |\n|---|---|\n"
    );
    for row in rows {
        let ours = match &row.ours {
            Ok(ours) => ours.clone(),
            Err(why) => format!("none: {why}"),
        };
        // Writing to a string does not fail.
        let _ = writeln!(table, "| {} | {} |", cell(&row.theirs), cell(&ours));
    }
    table
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// The program, built for development.
pub(crate) fn pintle() -> Result<PathBuf, Failure> {
    Program::cargo().args(["build", "--quiet", "--locked", "-p", "pintle"]).run()?;
    Ok(repo::target().join("debug/pintle"))
}
