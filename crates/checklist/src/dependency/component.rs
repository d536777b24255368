//! A component: one thing of somebody else's that a product is made of.

use super::purl;
use serde::{Deserialize, Serialize};

/// Whose numbers of versions and whose advisories apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ecosystem {
    /// Crates of crates.io.
    Cargo,
    /// Packages of npm.
    Npm,
    /// Packages of Debian.
    Debian,
    /// Modules of firmware for microcontrollers.
    Firmware,
    /// Anything else that an SBOM names.
    Other,
}

impl Ecosystem {
    /// For a reader.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Cargo => "crates.io",
            Self::Npm => "npm",
            Self::Debian => "Debian",
            Self::Firmware => "firmware",
            Self::Other => "other",
        }
    }

    /// Whether anybody publishes advisories of it in a form that is read here.
    #[must_use]
    pub const fn has_advisories(self) -> bool {
        matches!(self, Self::Cargo | Self::Npm | Self::Debian)
    }
}

/// What needs a component. A lesser one is nearer to the product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The product, as it runs; also where nothing says otherwise.
    #[default]
    Ships,
    /// Whatever builds it.
    Build,
    /// Tests and tools alone.
    Development,
}

/// Where a component comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The ecosystem's own registry or archive.
    Registry,
    /// A folder of the project.
    Folder,
    /// A repository: its address.
    Git(String),
    /// Another place: its address.
    Address(String),
    /// Nothing says.
    Unsaid,
}

/// A hash of what was downloaded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Hash {
    /// As CycloneDX writes it: `SHA-256`.
    pub algorithm: String,
    /// In lower-case hex.
    pub hex: String,
}

/// A component.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Component {
    /// Whose it is.
    pub ecosystem: Ecosystem,
    /// Its name there, with its scope where it has one: `@babel/core`.
    pub name: String,
    /// Its version; empty where nothing says.
    pub version: String,
    /// Its package URL, which names it in SBOMs and VEX statements; empty where an SBOM has none.
    pub purl: String,
    /// What needs it.
    pub scope: Scope,
    /// Where it comes from.
    pub origin: Origin,
    /// Of what was downloaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<Hash>,
    /// As an SPDX expression, or as its maker wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// The source package and its version, which Debian's advisories are about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<(String, String)>,
    /// Whether it runs a program of its own while it is installed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub runs_at_install: bool,
    /// What it needs, by package URL.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
}

impl Component {
    /// A component of which no more than this is known.
    #[must_use]
    pub fn new(ecosystem: Ecosystem, name: &str, version: &str) -> Self {
        Self {
            ecosystem,
            name: name.into(),
            version: version.into(),
            purl: purl::write(ecosystem, name, version, &[]),
            scope: Scope::Ships,
            origin: Origin::Unsaid,
            hash: None,
            licence: None,
            source: None,
            runs_at_install: false,
            needs: Vec::new(),
        }
    }

    /// `name version`, for a reader.
    #[must_use]
    pub fn title(&self) -> String {
        match self.version.as_str() {
            "" => self.name.clone(),
            version => format!("{} {version}", self.name),
        }
    }

    /// The name and version that advisories are about.
    #[must_use]
    pub fn advised(&self) -> (&str, &str) {
        match &self.source {
            Some((name, version)) => (name, version),
            None => (&self.name, &self.version),
        }
    }
}

/// What a thing is made of: what an SBOM says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bom {
    /// What it is of.
    pub subject: String,
    /// Its version; empty where it has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// By ecosystem, name and version; each once.
    pub components: Vec<Component>,
}

impl Bom {
    /// One of several: what all of them are made of.
    #[must_use]
    pub fn of_all<'a>(subject: &str, version: &str, boms: impl Iterator<Item = &'a Self>) -> Self {
        let components = boms.flat_map(|bom| bom.components.iter().cloned()).collect();
        let mut all = Self { subject: subject.into(), version: version.into(), components };
        all.settle();
        all
    }

    /// Sorts the components, and makes one of those that are the same: the nearest to the product, with the needs of all.
    pub fn settle(&mut self) {
        self.components.sort();
        let mut settled: Vec<Component> = Vec::with_capacity(self.components.len());
        for component in std::mem::take(&mut self.components) {
            match settled.last_mut() {
                Some(last) if is_same(last, &component) => merge(last, component),
                _ => settled.push(component),
            }
        }
        self.components = settled;
    }
}

fn is_same(one: &Component, other: &Component) -> bool {
    (one.ecosystem, &one.name, &one.version, &one.purl)
        == (other.ecosystem, &other.name, &other.version, &other.purl)
}

fn merge(into: &mut Component, from: Component) {
    into.scope = into.scope.min(from.scope);
    into.licence = into.licence.take().or(from.licence);
    into.hash = into.hash.take().or(from.hash);
    into.runs_at_install |= from.runs_at_install;
    into.needs.extend(from.needs);
    into.needs.sort();
    into.needs.dedup();
}
