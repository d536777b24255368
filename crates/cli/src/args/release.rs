//! What can be typed after `pintle release`.

use crate::signing::expiry::{Expiry, expiry};
use crate::signing::minimum::minimum;
use clap::{Args as ClapArgs, Subcommand};
use pintle_firmware::module::Dependency;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum ReleaseCommand {
    /// Sign a module: product, platform, version, hash and length are read from it
    Sign(SignArgs),
    /// Add a signature to a release, after checking that it is about this module
    Review(ReviewArgs),
    /// Say what a release says, who signed it, and what is missing
    Show(ShowArgs),
    /// Put keyrings before a release, for devices that may not have them yet
    Bundle(BundleArgs),
}

#[derive(ClapArgs)]
pub struct SignArgs {
    /// The compiled module
    #[arg(value_name = "MODULE")]
    pub module: PathBuf,
    /// The private release key; may be repeated
    #[arg(long = "key", value_name = "KEY", required = true)]
    pub keys: Vec<PathBuf>,
    /// The security counter: raise it when no earlier version may run any more
    #[arg(long, value_name = "N")]
    pub counter: u32,
    /// The number of this release in its product: higher than any before
    #[arg(long, value_name = "N")]
    pub number: u32,
    /// Until when it may be installed: a date (2027-12-31, UTC) or a number of days
    #[arg(long, value_name = "DATE|DAYS", value_parser = expiry)]
    pub expires: Expiry,
    /// The oldest product version that it goes over; any if not given
    #[arg(long, value_name = "V", default_value_t = 0)]
    pub over: u16,
    /// A module that has to be there, and its oldest version, as system-part:1:6305; up to four
    #[arg(long = "minimum", value_name = "FUNCTION:INDEX:VERSION", value_parser = minimum)]
    pub minimums: Vec<Dependency>,
    /// The file to make; one that is there is never written over
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

#[derive(ClapArgs)]
pub struct ReviewArgs {
    /// The release; it is replaced by the one with one signature more
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The module that was read and is agreed to
    #[arg(long, value_name = "MODULE")]
    pub module: PathBuf,
    /// The reviewer's private key
    #[arg(long, value_name = "KEY")]
    pub key: PathBuf,
}

#[derive(ClapArgs)]
pub struct ShowArgs {
    /// The release
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The keyring that devices have: says who signed in which role, and what is missing
    #[arg(long, value_name = "FILE")]
    pub keyring: Option<PathBuf>,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(ClapArgs)]
pub struct BundleArgs {
    /// The release
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The keyrings, oldest first: each follows the one before
    #[arg(long = "keyring", value_name = "FILE", num_args = 1.., required = true)]
    pub keyrings: Vec<PathBuf>,
    /// The file to make; one that is there is never written over
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}
