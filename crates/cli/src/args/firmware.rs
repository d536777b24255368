//! What can be typed after `pintle firmware`.

use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum FirmwareCommand {
    /// Say what a module is, and everything that is wrong with it
    ///
    /// Ends with 0 for a valid module, 1 for one with something wrong, 2 for a file that is none.
    Inspect(InspectArgs),
}

#[derive(ClapArgs)]
pub struct InspectArgs {
    /// The compiled module
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}
