//! `pintle audit`.

use clap::{Args as ClapArgs, Subcommand};
use pintle_cloud::audit::{Head, PublicKey};
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum AuditCommand {
    /// Check the log without any secret, and name the first place that is not as it was written
    ///
    /// Exit code 0 where all of it holds, 1 where something does not. A node may run on the folder meanwhile.
    Verify(AuditVerifyArgs),
    /// Show what was done and refused, oldest first
    Show(AuditShowArgs),
    /// Print the log as lines of JSON that `audit verify --export` checks; reasons stay behind, sealed
    Export(AuditExportArgs),
}

#[derive(ClapArgs)]
pub struct AuditVerifyArgs {
    /// The data folder, or a copy of its database
    #[arg(long, value_name = "DIR", required_unless_present = "export")]
    pub data: Option<PathBuf>,
    /// An export instead
    #[arg(long, value_name = "FILE", conflicts_with = "data")]
    pub export: Option<PathBuf>,
    /// A head that this log had, as an earlier `audit verify` printed it; may be repeated
    #[arg(long = "head", value_name = "HEAD")]
    pub each_head: Vec<Head>,
    /// A file of heads, as `[audit] heads` has them kept
    #[arg(long, value_name = "FILE")]
    pub heads: Vec<PathBuf>,
    /// The first key, as `pintle init` printed it; a further one for each time the key was lost
    #[arg(long = "key", value_name = "KEY")]
    pub keys: Vec<PublicKey>,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(ClapArgs)]
pub struct AuditShowArgs {
    /// The data folder, or a copy of its database
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// The last so many that fit
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub last: usize,
    /// Only what was done under names that begin so: `pin`, `pin.replaced`
    #[arg(long, value_name = "WORD")]
    pub what: Option<String>,
    /// Only what has this in who or on what it was: the id of a device or an account
    #[arg(long, value_name = "ID")]
    pub about: Option<String>,
    /// Open the reasons that were given; takes the node key, and is written down itself
    #[arg(long)]
    pub reasons: bool,
    /// Why you read them
    #[arg(long, value_name = "TEXT", requires = "reasons")]
    pub because: Option<String>,
    /// Print each as a line of JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(ClapArgs)]
pub struct AuditExportArgs {
    /// The data folder, where the export is written down, or a copy of its database
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Why you take it
    #[arg(long, value_name = "TEXT")]
    pub because: Option<String>,
}
