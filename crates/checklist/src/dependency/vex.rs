//! VEX: what a maker says about a vulnerability of something that its product is made of. OpenVEX 0.2 and the
//! vulnerabilities of CycloneDX 1.6, read and written.

mod cyclonedx;
mod draft;
mod openvex;

use super::purl::Purl;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write;

pub use draft::draft;

/// The form of a VEX document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VexFormat {
    /// OpenVEX 0.2.
    OpenVex,
    /// CycloneDX 1.6.
    CycloneDx,
}

/// What a statement says of a product and a vulnerability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The vulnerability does no harm there.
    NotAffected,
    /// It does, and something is to be done.
    Affected,
    /// It is mended there.
    Fixed,
    /// Nobody knows yet.
    UnderInvestigation,
}

/// Why a vulnerability does no harm, in OpenVEX's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Justification {
    /// The component is not in the product.
    ComponentNotPresent,
    /// The component is, without the code.
    VulnerableCodeNotPresent,
    /// The code is, and never runs.
    VulnerableCodeNotInExecutePath,
    /// It runs, and nobody can give it what harms.
    VulnerableCodeCannotBeControlledByAdversary,
    /// Something in the product stands before it.
    InlineMitigationsAlreadyExist,
}

/// One statement about one vulnerability.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Statement {
    /// Its id, and the same in other databases.
    pub vulnerability: Vec<String>,
    /// What it is about: package URLs, of a version or of all, or names of products.
    pub products: Vec<String>,
    /// What it says.
    pub status: Status,
    /// Why it does no harm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub justification: Option<Justification>,
    /// The same, or what to do, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// When it was last said, as RFC 3339.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub at: String,
}

/// What is no VEX document.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VexError {
    /// It is no JSON, or not of that form.
    #[error("not a VEX document in JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// It is JSON, but neither of the two.
    #[error(
        "neither OpenVEX (@context) nor CycloneDX (bomFormat): write it as JSON of one of the two"
    )]
    Neither,
}

/// Reads a document of either form.
///
/// # Errors
/// It is none of the two.
pub fn read(bytes: &[u8]) -> Result<Vec<Statement>, VexError> {
    let value: serde_json::Value = serde_json::from_slice(bytes)?;
    let text = |key: &str| value.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
    let mut statements = if text("@context").starts_with("https://openvex.dev/ns") {
        openvex::read(value)?
    } else if text("bomFormat") == "CycloneDX" {
        cyclonedx::read(value)?
    } else {
        return Err(VexError::Neither);
    };
    statements.sort();
    statements.dedup();
    Ok(statements)
}

/// Writes a document. Everything but the times is the same where the statements are.
///
/// # Errors
/// It cannot be written as JSON.
pub fn write(
    statements: &[Statement],
    format: VexFormat,
    author: &str,
    now_ms: u64,
) -> Result<String, VexError> {
    let time = super::sbom::time(now_ms);
    let mut text = match format {
        VexFormat::OpenVex => serde_json::to_string_pretty(&openvex::document(
            statements,
            author,
            &time,
            &id(statements),
        )),
        VexFormat::CycloneDx => {
            serde_json::to_string_pretty(&cyclonedx::document(statements, author, &time))
        }
    }?;
    text.push('\n');
    Ok(text)
}

impl Statement {
    /// Whether it answers for a vulnerability, by any of its ids, of a component, by its package URL or by the name of
    /// the product that it is in.
    #[must_use]
    pub fn answers(&self, ids: &[&str], purl: &str, product: &str) -> bool {
        self.vulnerability.iter().any(|id| ids.contains(&id.as_str()))
            && self.products.iter().any(|one| is_about(one, purl, product))
    }

    /// Whether nothing is left to do: it does no harm, and somebody says why; or it is mended.
    #[must_use]
    pub fn settles(&self) -> bool {
        match self.status {
            Status::Fixed => true,
            Status::NotAffected => self.justification.is_some() || !self.note.is_empty(),
            Status::Affected | Status::UnderInvestigation => false,
        }
    }
}

fn is_about(said: &str, purl: &str, product: &str) -> bool {
    match (Purl::read(said), Purl::read(purl)) {
        (Some(said), Some(component)) => said.covers(&component),
        _ => !said.is_empty() && (said == purl || said == product),
    }
}

/// A name for a document that is the same where its statements are.
fn id(statements: &[Statement]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(format!("{statements:?}")) {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(product: &str) -> Statement {
        Statement {
            vulnerability: vec!["CVE-1".into()],
            products: vec![product.into()],
            status: Status::NotAffected,
            justification: None,
            note: String::new(),
            at: String::new(),
        }
    }

    #[test]
    fn a_statement_answers_for_the_version_it_names_or_for_all() {
        let (ids, purl) = (["RUSTSEC-1", "CVE-1"], "pkg:cargo/x@1.0.0?a=b");
        for (product, answers) in [
            ("pkg:cargo/x@1.0.0", true),
            ("pkg:cargo/x", true),
            ("pkg:cargo/x@1.0.1", false),
            ("pkg:npm/x", false),
            ("lamp", true),
            ("", false),
        ] {
            assert_eq!(statement(product).answers(&ids, purl, "lamp"), answers, "{product}");
        }
        assert!(!statement("lamp").answers(&["CVE-2"], purl, "lamp"));
    }

    #[test]
    fn that_it_does_no_harm_settles_nothing_unless_somebody_says_why() {
        let mut one = statement("lamp");
        assert!(!one.settles());
        one.justification = Some(Justification::ComponentNotPresent);
        assert!(one.settles());
    }
}
