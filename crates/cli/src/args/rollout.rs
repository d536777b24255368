//! What can be typed after `pintle rollout`.

use clap::{Args as ClapArgs, Subcommand};
use pintle_cloud::product::rollout::{Size, parse_duration};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Subcommand)]
pub enum RolloutCommand {
    /// Bring a version to the devices of a product, stage by stage
    ///
    /// A stage is open until so many of its devices run the image by their own account; then the next one opens, after the
    /// wait. Where that can no longer be reached the rollout halts by itself. A device that falls back is never offered
    /// the image again.
    Start(RolloutStartArgs),
    /// Show how a rollout stands: its stages, and the devices that are not there yet
    Status(RolloutStatusArgs),
    /// Offer the image to nobody else, and break off what is being sent
    Halt(RolloutArgs),
    /// Let a halted rollout go on; the failures that it has now count no more
    Resume(RolloutArgs),
}

// `--version` is the firmware's here, not the program's.
#[derive(ClapArgs)]
#[command(disable_version_flag = true)]
pub struct RolloutStartArgs {
    /// The data folder
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// The product, by number or slug
    #[arg(long, value_name = "PRODUCT")]
    pub product: String,
    /// The version of its firmware
    #[arg(long, value_name = "N")]
    pub version: u16,
    /// How far each stage reaches in all: parts of a hundred, or numbers of devices as in 10devices
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "5,25,100")]
    pub stages: Vec<Size>,
    /// How long to wait after a stage before the next opens: 90s, 10m, 2h, 1d
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = parse_duration)]
    pub wait: Duration,
    /// Of a hundred devices of a stage, how many have to be updated
    #[arg(long, value_name = "PERCENT", default_value_t = 95)]
    pub success: u8,
    /// How many devices may be under way at once: being sent to, or not back yet
    #[arg(long, value_name = "N", default_value = "50")]
    pub at_once: NonZeroU32,
    /// How long a device may take to report, and how long a stage waits for one that is offline
    #[arg(long, value_name = "TIME", default_value = "30m", value_parser = parse_duration)]
    pub patience: Duration,
    /// Print how it stands as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(ClapArgs)]
pub struct RolloutStatusArgs {
    #[command(flatten)]
    pub rollout: RolloutArgs,
    /// Name the devices that run the image, too
    #[arg(long)]
    pub all: bool,
    /// Show it again whenever it changes, until it no longer runs
    #[arg(long)]
    pub watch: bool,
}

#[derive(ClapArgs)]
pub struct RolloutArgs {
    /// The data folder
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// The rollout's number; the newest one, if not given
    #[arg(long, value_name = "N")]
    pub rollout: Option<u64>,
    /// The newest one of this product, by number or slug
    #[arg(long, value_name = "PRODUCT", conflicts_with = "rollout")]
    pub product: Option<String>,
    /// Print how it stands as JSON
    #[arg(long)]
    pub json: bool,
}
