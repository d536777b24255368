//! What can be typed after `pintle device firmware`.

use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum DeviceFirmwareCommand {
    /// Give a device its first firmware, and two slots for it and its updates
    ///
    /// Further firmware comes from the cloud. The device runs it when device.toml has a section named application.
    Install(FirmwareInstallArgs),
    /// Say what is in the slots of a device that does not run
    Status(FirmwareStatusArgs),
}

#[derive(ClapArgs)]
pub struct FirmwareInstallArgs {
    /// The module: a user part for the device's platform
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The device folder
    #[arg(long, alias = "data", value_name = "D")]
    pub dir: PathBuf,
    /// Pin this keyring first: the device then takes nothing without a release that holds
    #[arg(long, value_name = "FILE")]
    pub keyring: Option<PathBuf>,
    /// What was signed about the module: a release, perhaps with keyrings before it
    #[arg(long, value_name = "FILE")]
    pub release: Option<PathBuf>,
    /// The longest that firmware may ever be; twice that is taken from the disk at once
    #[arg(long, value_name = "MIB", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub room: u32,
}

#[derive(ClapArgs)]
pub struct FirmwareStatusArgs {
    /// The device folder
    #[arg(long, alias = "data", value_name = "D")]
    pub dir: PathBuf,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}
