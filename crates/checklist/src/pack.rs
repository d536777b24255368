//! The customer pack: what a customer's security team asks for, in one signed folder.
//!
//! The report with its evidence, what the product is made of, how it is built for security, each promise with the tests that
//! name it, and the last penetration run. Everything in it was made by a run or stands in this program: nothing is claimed
//! that a reader could not have tried again.

use crate::bundle::Bundle;
use crate::finding::Outcome;
use crate::report::{Report, json};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// How the house is built.
const ARCHITECTURE: &str = include_str!("../../../ARCHITECTURE.md");

/// What it promises, and the tests that name each promise.
const SECURITY: &str = include_str!("../../../SECURITY.md");

/// Where the report lies in it.
pub const REPORT: &str = "report";

/// Why there is no pack.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PackError {
    /// A file cannot be read.
    #[error("{path}: {source}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The report is none.
    #[error("{path}: {source}")]
    Report {
        /// Which.
        path: PathBuf,
        /// Why.
        source: json::ReportError,
    },
}

/// A file that goes into the pack beside the report.
pub struct Enclosure {
    /// Its name in the pack.
    pub name: String,
    /// What it is, in a few words, for the first page.
    pub what: String,
    /// What is in it.
    pub content: Vec<u8>,
}

/// Puts a pack together around the report in that folder, of which the paths are listed.
///
/// # Errors
/// [`PackError`].
pub fn pack<'a>(
    report: &Path,
    paths: impl IntoIterator<Item = &'a str>,
    enclosures: Vec<Enclosure>,
) -> Result<Bundle, PackError> {
    let mut bundle = Bundle::default();
    for path in paths {
        bundle = bundle.with(format!("{REPORT}/{path}"), read(&report.join(path))?);
    }
    let path = report.join(json::FILE);
    let found =
        Report::from_json(&read(&path)?).map_err(|source| PackError::Report { path, source })?;
    bundle = bundle
        .with("README.md", first_page(&found, &enclosures))
        .with("architecture.md", ARCHITECTURE)
        .with("promises.md", SECURITY);
    for enclosure in enclosures {
        bundle = bundle.with(enclosure.name, enclosure.content);
    }
    Ok(bundle)
}

fn read(path: &Path) -> Result<Vec<u8>, PackError> {
    fs::read(path).map_err(|source| PackError::Read { path: path.to_owned(), source })
}

fn first_page(report: &Report, enclosures: &[Enclosure]) -> String {
    let product = if report.product.is_empty() { "a product" } else { report.product.as_str() };
    let enclosed: String =
        enclosures.iter().map(|file| format!("- `{}`: {}\n", file.name, file.what)).collect();
    format!(
        "# Security of {product}\n\n\
         Made from a run of `pintle checklist` that began at {began}, by {program}.\n\n\
         {numbers}\n\n\
         - `{REPORT}/report.html`: the report, for a browser; `report.json`, SARIF and JUnit beside it\n\
         - `{REPORT}/evidence/`: what was run, and what came back\n\
         {enclosed}\
         - `architecture.md`: how the cloud and the device's side are built\n\
         - `promises.md`: each promise of the design, how far it is kept, and the tests that name it\n\n\
         ## What is open\n\n{open}\n\
         ## Whether this is what was handed out\n\n\
         `pintle checklist verify DIR --key FILE` checks every file against the signature; the key comes to you in another \
         way than this folder. Without that program: `sha256sum -c manifest.sha256`, and `openssl pkeyutl -verify -pubin \
         -inkey KEY -rawin -in manifest.sha256 -sigfile manifest.sig`.\n",
        began = report.times.began,
        program = report.program,
        numbers = numbers(report),
        open = open(report),
    )
}

fn numbers(report: &Report) -> String {
    let total = &report.total;
    format!(
        "Of {} claims {} hold, {} do not, {} are accepted by somebody until a day, {} could not be tried.",
        total.all(),
        total.holds,
        total.broken(),
        total.accepted,
        total.untried
    )
}

fn open(report: &Report) -> String {
    let line = |(what, claim): (&str, &str)| format!("- {what}: {claim}\n");
    let broken = report.broken();
    let broken = broken.iter().map(|entry| (entry.severity.name(), entry.claim.as_str()));
    let untried = report.findings.iter().filter_map(|entry| match &entry.outcome {
        Outcome::Untried { .. } => Some(("not tried", entry.claim.as_str())),
        _ => None,
    });
    let text: String = broken.chain(untried).map(line).collect();
    if text.is_empty() { "Nothing.\n".into() } else { text }
}
