//! What is found out about dependencies: plain values, which are the evidence.

use super::advisory::Kind;
use super::component::{Bom, Ecosystem, Scope};
use super::database::Coverage;
use super::debian::Sources;
use super::reach::Reach;
use super::sbom::Format;
use super::vex::{Statement, Status};
use crate::look::Look;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What was seen.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Dependencies {
    /// What the product is made of, part by part.
    pub parts: Vec<Part>,
    /// Projects that say nowhere which versions they are made of: `folder: what is missing`.
    pub unlocked: Vec<String>,
    /// Files that should say something and cannot be read: `file: why`.
    pub unread: Vec<String>,
    /// The system below the root.
    pub debian: Look<Packages>,
    /// What firmware modules need beside them.
    pub modules: Look<Vec<ModuleNeeds>>,
    /// SBOMs that were handed along.
    pub sboms: Look<Vec<HandedSbom>>,
    /// What is known against any of it.
    pub known: Look<Known>,
    /// What was taken back by whoever published it.
    pub yanked: Look<Yanked>,
    /// What the maker says about vulnerabilities.
    pub vex: Look<Vec<Said>>,
}

/// What kind of thing a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PartKind {
    /// A Rust workspace.
    Cargo,
    /// An npm project.
    Npm,
    /// A Debian system.
    Debian,
    /// A firmware module.
    Firmware,
    /// The program that does the checking.
    Own,
    /// What an SBOM says that came with something.
    Sbom,
}

/// A part of the product, and what it is made of.
#[derive(Clone, Debug, Serialize)]
pub struct Part {
    /// Its name for a reader, by which findings name it.
    pub of: String,
    /// What it is.
    pub kind: PartKind,
    /// What it is made of.
    pub bom: Bom,
    /// What its manifests ask for by name.
    pub direct: BTreeSet<String>,
    /// What its manifests ask for that its lock file does not have.
    pub missing: BTreeSet<String>,
    /// Crates whose source is not at hand, so that nothing tells their licence: how many.
    pub sourceless: usize,
}

/// A system of Debian, without what it is made of: that is a [`Part`].
#[derive(Clone, Debug, Default, Serialize)]
pub struct Packages {
    /// `ID` of `os-release`.
    pub system: String,
    /// `VERSION_ID`.
    pub release: String,
    /// `VERSION_CODENAME`.
    pub codename: String,
    /// Packages that are neither whole nor gone.
    pub unfinished: Vec<String>,
    /// Where new packages come from.
    pub sources: Sources,
}

/// What a firmware module needs.
#[derive(Clone, Debug, Serialize)]
pub struct ModuleNeeds {
    /// The module, by its file's name.
    pub of: String,
    /// For which hardware, by number.
    pub platform: u16,
    /// What it is itself: function, index, version.
    pub is: (u8, u8, u16),
    /// What must be there: function, index, oldest version.
    pub needs: Vec<(u8, u8, u16)>,
}

/// An SBOM that was handed along.
#[derive(Clone, Debug, Serialize)]
pub struct HandedSbom {
    /// Its file's name.
    pub file: String,
    /// Its form.
    pub format: Format,
    /// What it is of.
    pub bom: Bom,
}

/// What advisories say.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Known {
    /// What there is for each ecosystem.
    pub coverage: BTreeMap<Ecosystem, Coverage>,
    /// Files among the advisories that cannot be read.
    pub unreadable: Vec<String>,
    /// Advisories about something that is there, each with what.
    pub matches: Vec<Match>,
    /// Vulnerabilities that statements name and no advisory does.
    pub unheard: Vec<String>,
}

/// An advisory about something that is there.
#[derive(Clone, Debug, Serialize)]
pub struct Match {
    /// The advisory's id.
    pub advisory: String,
    /// The same in other databases.
    pub aliases: Vec<String>,
    /// What it says, in a line.
    pub title: String,
    /// What kind of thing it says.
    pub kind: Kind,
    /// How bad it is, by CVSS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// Versions in which it is mended.
    pub fixed: Vec<String>,
    /// What it is about: name and version.
    pub component: String,
    /// Its package URL.
    pub purl: String,
    /// In which part.
    pub of: String,
    /// What needs it there.
    pub scope: Scope,
    /// Whether it is reached.
    pub reach: Reach,
    /// What the maker says about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
}

/// What the maker says about a match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// What.
    pub status: Status,
    /// Whether nothing is left to do.
    pub settles: bool,
    /// The document's name.
    pub file: String,
}

/// What was taken back.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Yanked {
    /// How many the index on this machine knows of.
    pub known: usize,
    /// Those that were taken back: name and version, and the part.
    pub yanked: Vec<(String, String)>,
    /// How many it does not know of.
    pub unknown: usize,
}

/// A statement of a VEX document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Said {
    /// The document's name.
    pub file: String,
    /// What it says.
    pub statement: Statement,
    /// Whether it is about anything that is there.
    pub applies: bool,
}

impl Dependencies {
    /// All components, with the part that each is in.
    pub fn components(&self) -> impl Iterator<Item = (&Part, &super::component::Component)> {
        self.parts.iter().flat_map(|part| part.bom.components.iter().map(move |one| (part, one)))
    }

    /// How many components of an ecosystem there are.
    #[must_use]
    pub fn count(&self, ecosystem: Ecosystem) -> usize {
        self.components().filter(|(_, one)| one.ecosystem == ecosystem).count()
    }
}
