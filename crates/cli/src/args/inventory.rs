//! `pintle checklist sbom` and `vex`.

use clap::{Args as ClapArgs, ValueEnum};
use std::path::PathBuf;

/// What a document is to be of.
#[derive(ClapArgs)]
pub struct PartsArgs {
    /// A folder of source, Cargo's or npm's; may be repeated
    #[arg(long = "project", value_name = "DIR")]
    pub projects: Vec<PathBuf>,
    /// The root of a Debian system
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// A firmware module; may be repeated
    #[arg(long = "module", value_name = "FILE")]
    pub modules: Vec<PathBuf>,
    /// An SBOM that is there already, in any of the forms that are read; may be repeated
    #[arg(long = "sbom", value_name = "FILE")]
    pub sboms: Vec<PathBuf>,
    /// This program itself
    #[arg(long)]
    pub own: bool,
    /// The file to write; standard output if not given
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// The form of an SBOM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SbomFormat {
    /// CycloneDX 1.6, as JSON
    Cyclonedx,
    /// SPDX 2.3, as JSON
    Spdx,
}

#[derive(ClapArgs)]
pub struct SbomArgs {
    #[command(flatten)]
    pub parts: PartsArgs,
    /// The form of what is written
    #[arg(long, value_name = "NAME", default_value = "cyclonedx")]
    pub format: SbomFormat,
    /// The product's name in it; that of the only part where there is one
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The product's version in it
    #[arg(long, value_name = "VERSION", requires = "name")]
    pub of_version: Option<String>,
}

/// The form of VEX statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum VexForm {
    /// OpenVEX 0.2
    Openvex,
    /// CycloneDX 1.6, as JSON
    Cyclonedx,
}

#[derive(ClapArgs)]
pub struct VexArgs {
    #[command(flatten)]
    pub parts: PartsArgs,
    /// A folder of advisories, RustSec's or OSV's; may be repeated
    #[arg(long, value_name = "DIR", required = true)]
    pub advisories: Vec<PathBuf>,
    /// Statements that were made already; may be repeated
    #[arg(long = "vex", value_name = "FILE")]
    pub vex: Vec<PathBuf>,
    /// Who makes the statements: a team or a company
    #[arg(long, value_name = "WHO")]
    pub author: String,
    /// The form of what is written
    #[arg(long, value_name = "NAME", default_value = "openvex")]
    pub format: VexForm,
}
