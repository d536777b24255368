//! What can be typed after `pintle firmware`.

use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum FirmwareCommand {
    /// Say what a module is, and everything that is wrong with it
    ///
    /// Ends with 0 for a valid module, 1 for one with something wrong, 2 for a file that is none.
    Inspect(InspectArgs),
    /// Check that a module is valid, and signed by whoever has to have signed it
    ///
    /// Ends with 0 when it holds, 1 when it does not, with every reason, 2 when a file cannot be read.
    Verify(VerifyArgs),
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

#[derive(ClapArgs)]
pub struct VerifyArgs {
    /// The compiled module
    #[arg(value_name = "MODULE")]
    pub file: PathBuf,
    /// A public key that has to have signed; may be repeated
    #[arg(long = "key", value_name = "PUB", required_unless_present = "keyring")]
    pub keys: Vec<PathBuf>,
    /// The keyring that a device has: its roles and thresholds decide
    #[arg(long, value_name = "FILE")]
    pub keyring: Option<PathBuf>,
    /// The release of the module; beside it, with .release after its name, if not given
    #[arg(long, value_name = "FILE")]
    pub release: Option<PathBuf>,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}
