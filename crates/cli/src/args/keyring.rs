//! What can be typed after `pintle keyring`.

use crate::signing::expiry::{Expiry, expiry};
use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum KeyringCommand {
    /// Make a signing key: Ed25519, or P-256
    Key(KeyArgs),
    /// Make the first keyring of a product: which keys may sign what, and how many have to
    Make(MakeArgs),
    /// Make the keyring that follows another: signed by the root keys of both
    Next(NextArgs),
    /// Add a root key's signature to a keyring
    Sign(RingSignArgs),
    /// Say what is in a keyring, who signed it, and what is missing
    Show {
        /// The keyring
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The keyring before it: says whether devices that have that one will follow
        #[arg(long, value_name = "OLD")]
        from: Option<PathBuf>,
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(ClapArgs)]
pub struct KeyArgs {
    /// The file to make, readable by its owner alone; one that is there is never written over
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Write the public part here (PEM)
    #[arg(long, value_name = "FILE")]
    pub public: Option<PathBuf>,
    /// P-256 instead of Ed25519: for security modules that know nothing else
    #[arg(long)]
    pub p256: bool,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

/// What a new keyring is made of.
#[derive(ClapArgs)]
pub struct RingArgs {
    /// Public keys that sign keyrings
    #[arg(long = "root", value_name = "PUB", num_args = 1.., required = true)]
    pub roots: Vec<PathBuf>,
    /// Public keys that sign releases
    #[arg(long = "release", value_name = "PUB", num_args = 1.., required = true)]
    pub releases: Vec<PathBuf>,
    /// Public keys of the reviewers
    #[arg(long = "review", value_name = "PUB", num_args = 1..)]
    pub reviews: Vec<PathBuf>,
    /// How many root keys have to sign the next keyring
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub root_threshold: u8,
    /// How many release keys have to sign a release
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub release_threshold: u8,
    /// How many reviewers have to sign a release; one if any are named
    #[arg(long, value_name = "N")]
    pub review_threshold: Option<u8>,
    /// Until when it counts: a date (2027-12-31, UTC) or a number of days
    #[arg(long, value_name = "DATE|DAYS", value_parser = expiry)]
    pub expires: Expiry,
    /// The private root keys that sign it now; others may follow with `keyring sign`
    #[arg(long = "sign", value_name = "KEY", num_args = 1.., required = true)]
    pub signers: Vec<PathBuf>,
    /// The file to make; one that is there is never written over
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

#[derive(ClapArgs)]
pub struct MakeArgs {
    /// The product
    #[arg(long, value_name = "P", value_parser = clap::value_parser!(u16).range(1..))]
    pub product: u16,
    #[command(flatten)]
    pub ring: RingArgs,
}

#[derive(ClapArgs)]
pub struct NextArgs {
    /// The keyring in force
    #[arg(long, value_name = "OLD")]
    pub from: PathBuf,
    #[command(flatten)]
    pub ring: RingArgs,
}

#[derive(ClapArgs)]
pub struct RingSignArgs {
    /// The keyring; it is replaced by the one with one signature more
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The private root key
    #[arg(long, value_name = "KEY")]
    pub key: PathBuf,
    /// The keyring before it, whose root keys may sign too
    #[arg(long, value_name = "OLD")]
    pub from: Option<PathBuf>,
}
