//! What a product's profile says of its penetration tests: `[penetration]` in `pintle-product.toml`.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// How often a product is attacked, and by whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Plan {
    /// A full run is at most so many days old.
    pub full_run_days: u16,
    /// A test by hired people is at most so many days old.
    pub hired_days: u16,
    /// Their reports.
    pub reports: Vec<Report>,
    /// Findings that were tried again.
    pub retests: Vec<Retest>,
}

impl Default for Plan {
    fn default() -> Self {
        Self { full_run_days: 90, hired_days: 365, reports: Vec::new(), retests: Vec::new() }
    }
}

/// A report of hired testers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Report {
    /// The file: SARIF where its name ends with `.sarif` or `.json`, else CSV. Relative to the profile.
    pub file: PathBuf,
    /// Who tested.
    pub by: String,
    /// The last day of the test, as `2026-05-31`.
    pub day: String,
}

/// A finding that was tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Retest {
    /// The finding, as its report names it.
    pub finding: String,
    /// When, as `2026-06-30`.
    pub day: String,
    /// By whom: not by whoever mended it.
    pub by: String,
    /// Whether it was gone.
    pub gone: bool,
}
