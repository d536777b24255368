//! What can be typed after `pintle attack`.

use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;

#[derive(ClapArgs)]
#[command(args_conflicts_with_subcommands = true)]
pub struct AttackArgs {
    #[command(subcommand)]
    pub command: Option<AttackCommand>,
    /// What is attacked: a data folder, of whose node a twin is made and attacked; or a file that describes a target (JSON)
    #[arg(long, value_name = "DIR|FILE", default_value = "pintle-data")]
    pub target: PathBuf,
    /// Only this attack, or all whose ids begin so, as `api-`; may be repeated
    #[arg(long, value_name = "ID")]
    pub only: Vec<String>,
    /// All attacks at full length, not only the quick ones
    #[arg(long)]
    pub full: bool,
    /// Attack the TCP service of the twin, too, where the node has it off
    #[arg(long)]
    pub tcp: bool,
    /// What confirms that a target on another machine may be attacked: see `pintle attack token`
    #[arg(long, value_name = "TOKEN")]
    pub token: Option<String>,
    /// Where random choices begin: the same seed, the same attacks
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Say which attacks there are, and attack nothing
    #[arg(long)]
    pub list: bool,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
    /// Switch one protection of the twin off: for tests of the attacks, in no release
    #[cfg(feature = "weakened")]
    #[arg(long, value_name = "NAME", hide = true)]
    pub weaken: Option<String>,
}

#[derive(Subcommand)]
pub enum AttackCommand {
    /// Make a token, by which the operator of another machine confirms that it may be attacked
    Token,
}
