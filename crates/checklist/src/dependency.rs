//! Item 3, dependencies: what the product is made of, and what is known against it.
//!
//! Lock files of Cargo and npm, the packages of a Debian root, firmware modules and SBOMs say what it is made of
//! ([`component::Bom`]); folders of advisories say what is known, and VEX statements what the maker makes of it. All of it is
//! read from files: nothing is fetched, and no tool of any ecosystem is run.

pub mod advisory;
pub mod cargo;
pub mod component;
pub mod database;
pub mod debian;
pub mod facts;
mod file;
mod judge;
mod look;
pub mod module;
pub mod npm;
pub mod policy;
pub mod purl;
pub mod reach;
pub mod sbom;
pub mod version;
pub mod vex;

use std::path::PathBuf;

pub use facts::Dependencies;
pub use judge::CHECKS;
pub use look::look;
pub use policy::Policy;

/// What to look at.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The root of a system that may be Debian's.
    pub root: Option<PathBuf>,
    /// Folders of projects.
    pub projects: Vec<PathBuf>,
    /// Files of firmware modules.
    pub modules: Vec<PathBuf>,
    /// SBOMs that came with something, or that go out with the product.
    pub sboms: Vec<PathBuf>,
    /// Folders of advisories.
    pub advisories: Vec<PathBuf>,
    /// VEX documents.
    pub vex: Vec<PathBuf>,
    /// `CARGO_HOME`: where sources of crates and the index of crates.io may be.
    pub cargo_home: Option<PathBuf>,
    /// The lock file and the version of the program that does the checking.
    pub own: Option<(String, String)>,
}
