//! The report as JSON: written, and read again by whoever compares two.

use super::{FORMAT, Report};
use thiserror::Error;

/// The file that has it.
pub const FILE: &str = "report.json";

/// Why it is no report.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReportError {
    /// Not this JSON.
    #[error("this is not a report of the checklist: {0}")]
    Json(#[from] serde_json::Error),
    /// Of another time.
    #[error("this is a report in the form {0}, and this program reads {FORMAT}")]
    Format(String),
}

impl Report {
    /// As JSON.
    ///
    /// # Errors
    /// It cannot be written as JSON.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// Reads one, from whoever wrote it.
    ///
    /// # Errors
    /// [`ReportError`].
    pub fn from_json(text: &[u8]) -> Result<Self, ReportError> {
        #[derive(serde::Deserialize)]
        struct Head {
            #[serde(default)]
            format: String,
        }
        let head: Head = serde_json::from_slice(text)?;
        match head.format == FORMAT {
            true => Ok(serde_json::from_slice(text)?),
            false => Err(ReportError::Format(head.format.chars().take(60).collect())),
        }
    }
}
