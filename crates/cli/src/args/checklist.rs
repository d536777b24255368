//! `pintle checklist`.

use super::inventory::{SbomArgs, VexArgs};
use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum ChecklistCommand {
    /// Try every claim of the checklist, and keep what was seen
    ///
    /// Exit code 0 where nothing is broken that nobody accepted, 3 where the worst is low, 4 medium, 5 high or critical. What
    /// could not be tried is said to be so, with what would help. Nothing is changed on what is looked at.
    Run(Box<ChecklistRunArgs>),
    /// Draft a profile from what is found on a machine, with every line marked for somebody to confirm
    Init(ChecklistInitArgs),
    /// List all checks
    List {
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Say of a check what it claims, how it is tried, what to do where it is broken, and who asks for it
    Explain {
        /// The check, as a report names it
        #[arg(value_name = "ID")]
        check: String,
    },
    /// Say what changed from one report to the next: exit code 0 where nothing broke, else 3 to 5 by the worst that did
    Diff {
        /// The earlier report: its folder, or its report.json
        #[arg(value_name = "A")]
        before: PathBuf,
        /// The later one
        #[arg(value_name = "B")]
        after: PathBuf,
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Check that nobody changed a report or its evidence, and who signed it
    Verify(ChecklistVerifyArgs),
    /// Print the public key that a node signs reports with, for those who get them
    Key {
        /// The data folder
        #[arg(long, value_name = "DIR", default_value = "pintle-data")]
        data: PathBuf,
    },
    /// Print what has a run made every day: a timer of systemd, or a line for cron
    Schedule(ChecklistScheduleArgs),
    /// Put together what a customer's security team asks for, around a report
    Pack(ChecklistPackArgs),
    /// Write an SBOM of projects, a Debian system, firmware modules, or of this program
    Sbom(Box<SbomArgs>),
    /// Write VEX statements for what is known against it: those that were made, and a draft for each that was not
    ///
    /// What nothing that ships reaches is drafted as not affected, with how that is known; everything else as under
    /// investigation. Read it before anybody gets it.
    Vex(Box<VexArgs>),
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
pub struct ChecklistInitArgs {
    /// The product's name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The top of the file system to look at: this machine's, or a mounted one's
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub root: PathBuf,
    /// Write the profile into this file, a new one
    #[arg(long = "profile", value_name = "FILE", default_value = "pintle-product.toml")]
    pub file: PathBuf,
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
    /// An SBOM that came with something, or that goes out with the product; may be repeated
    #[arg(long = "sbom", value_name = "FILE")]
    pub sboms: Vec<PathBuf>,
    /// A VEX document, OpenVEX or CycloneDX; may be repeated
    #[arg(long = "vex", value_name = "FILE")]
    pub vex: Vec<PathBuf>,
    /// What the product says of itself; pintle-product.toml where there is one
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,
    /// Write the report and its evidence into this folder: a new one, or one with an older report in it
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Keep the report in this folder, beside earlier ones, and say what changed since the last
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(ClapArgs)]
pub struct ChecklistVerifyArgs {
    /// The folder of the report, or a customer pack
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// The key that must have signed it, in PEM: from `pintle checklist key`, not from the folder
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
}

#[derive(ClapArgs)]
pub struct ChecklistScheduleArgs {
    /// The data folder of the node
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Where reports are kept: the last one as a page, all of them for the trend
    #[arg(long, value_name = "DIR")]
    pub keep: PathBuf,
    /// The profile of the product
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,
    /// A folder of advisories; may be repeated
    #[arg(long, value_name = "DIR")]
    pub advisories: Vec<PathBuf>,
    /// At what time of the day
    #[arg(long, value_name = "HH:MM", default_value = "03:30")]
    pub at: String,
    /// A line for cron instead of units for systemd
    #[arg(long)]
    pub cron: bool,
}

#[derive(ClapArgs)]
pub struct ChecklistPackArgs {
    /// The folder of the report, as `pintle checklist run --out` left it
    #[arg(long, value_name = "DIR")]
    pub report: PathBuf,
    /// The folder to make
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// What the product is made of, as `pintle checklist sbom` wrote it; may be repeated
    #[arg(long, value_name = "FILE")]
    pub sbom: Vec<PathBuf>,
    /// The last penetration run, as `pintle attack --json` printed it
    #[arg(long, value_name = "FILE")]
    pub attack: Option<PathBuf>,
    /// The data folder of the node whose key signs the pack; pintle-data where there is one
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}
