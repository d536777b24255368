//! SBOMs: CycloneDX 1.6 and SPDX 2.3, both as JSON, read and written.
//!
//! What is read is what a component is called, where it comes from, its hash, its licence and what it needs; the rest of a
//! document is passed over, and nothing of it is fetched.

mod cyclonedx;
mod spdx;

use super::component::{Bom, Component, Ecosystem};
use super::purl::Purl;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The form of an SBOM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// CycloneDX 1.6.
    CycloneDx,
    /// SPDX 2.3.
    Spdx,
}

/// What is no SBOM.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SbomError {
    /// It is no JSON, or not of that form.
    #[error("not an SBOM in JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// It is JSON, but neither of the two.
    #[error(
        "neither CycloneDX (bomFormat) nor SPDX (spdxVersion): write it as JSON of one of the two"
    )]
    Neither,
}

/// Reads an SBOM of either form, and says which it is.
///
/// # Errors
/// It is none of the two.
pub fn read(bytes: &[u8]) -> Result<(Bom, Format), SbomError> {
    let value: serde_json::Value = serde_json::from_slice(bytes)?;
    let is = |key: &str, start: &str| {
        value
            .get(key)
            .and_then(serde_json::Value::as_str)
            .is_some_and(|text| text.starts_with(start))
    };
    let (mut bom, format) = if is("bomFormat", "CycloneDX") {
        (cyclonedx::read(value)?, Format::CycloneDx)
    } else if is("spdxVersion", "SPDX-2") {
        (spdx::read(value)?, Format::Spdx)
    } else {
        return Err(SbomError::Neither);
    };
    bom.settle();
    Ok((bom, format))
}

/// Writes an SBOM. Everything but the time is the same where the components are.
///
/// # Errors
/// It cannot be written as JSON.
pub fn write(bom: &Bom, format: Format, now_ms: u64) -> Result<String, SbomError> {
    let mut text = match format {
        Format::CycloneDx => {
            serde_json::to_string_pretty(&cyclonedx::document(bom, &time(now_ms), &id(bom)))
        }
        Format::Spdx => serde_json::to_string_pretty(&spdx::document(bom, &time(now_ms), &id(bom))),
    }?;
    text.push('\n');
    Ok(text)
}

/// A component of which a package URL, or else a name, is known.
fn component(purl: Option<&str>, name: &str, version: &str) -> Component {
    let read = purl.and_then(Purl::read);
    let ecosystem = read.as_ref().map_or(Ecosystem::Other, Purl::ecosystem);
    let named = match &read {
        Some(read) if ecosystem != Ecosystem::Other => Some(read.name.as_str()),
        _ => None,
    };
    let version = match (version, &read) {
        ("", Some(read)) => &read.version,
        _ => version,
    };
    let mut component = Component::new(ecosystem, named.unwrap_or(name), version);
    component.purl = purl.unwrap_or_default().to_owned();
    if let (Some(read), Ecosystem::Debian) = (&read, ecosystem) {
        let upstream = read.qualifiers.iter().find(|(key, _)| key == "upstream");
        component.source = upstream.map(|(_, source)| {
            let (name, of) = source.split_once('@').unwrap_or((source, &component.version));
            (name.to_owned(), of.to_owned())
        });
    }
    component
}

/// A name for a document that is the same where its content is: 32 hex digits.
fn id(bom: &Bom) -> String {
    let mut hash = Sha256::new();
    for text in [&bom.subject, &bom.version] {
        hash.update(text);
        hash.update([0]);
    }
    for component in &bom.components {
        hash.update(format!("{component:?}"));
    }
    let mut text = String::new();
    for byte in hash.finalize().iter().take(16) {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Milliseconds since 1970 as RFC 3339, to the second.
#[must_use]
pub fn time(now_ms: u64) -> String {
    let seconds = i64::try_from(now_ms / 1000).unwrap_or_default();
    let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    at.format(&Rfc3339).unwrap_or_default()
}

/// Whether a text is an expression of licences that SPDX knows.
#[must_use]
pub(super) fn is_expression(licence: &str) -> bool {
    ::spdx::Expression::parse(licence).is_ok()
}
