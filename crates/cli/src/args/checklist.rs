//! `pintle checklist`.

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum ChecklistCommand {
    /// Try every claim of the checklist, and keep what was seen
    ///
    /// Exit code 0 where nothing is broken that nobody accepted, 3 where the worst is low, 4 medium, 5 high or critical. What
    /// could not be tried is said to be so, with what would help. Nothing is changed on what is looked at.
    Run(Box<ChecklistRunArgs>),
}

/// What a run is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ChecklistTarget {
    /// A device: its system, programs, dependencies, firmware and updates
    Device,
    /// A machine: its system, programs and dependencies
    Host,
    /// A node: the wire, its folder, people, keys, attacks, firmware and updates
    Cloud,
    /// All of it
    Product,
}

#[derive(ClapArgs)]
pub struct ChecklistRunArgs {
    /// What to look at
    #[arg(long, value_name = "WHAT", default_value = "product")]
    pub target: ChecklistTarget,
    /// The data folder of the node; pintle-data where there is one
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The top of the file system to look at: this machine's, or a mounted one's
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub root: PathBuf,
    /// A folder of source, Cargo's or npm's; may be repeated
    #[arg(long = "project", value_name = "DIR")]
    pub projects: Vec<PathBuf>,
    /// A firmware module or an image for a microcontroller; may be repeated
    #[arg(long = "module", value_name = "FILE")]
    pub modules: Vec<PathBuf>,
    /// A folder of advisories, RustSec's or OSV's; may be repeated
    #[arg(long, value_name = "DIR")]
    pub advisories: Vec<PathBuf>,
    /// What the product says of itself; pintle-product.toml where there is one
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,
    /// Write the report and its evidence into this folder: a new one, or one with an older report in it
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
}
