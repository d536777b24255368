//! What can be typed after `pintle org` and `pintle team`.

use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum OrgCommand {
    /// Make an organization, and an account its owner
    Create {
        /// Its name
        #[arg(value_name = "NAME")]
        name: String,
        /// The account that owns it, by name or handle
        #[arg(long, value_name = "NAME")]
        owner: String,
        /// Its name in addresses; made of its name if not given
        #[arg(long, value_name = "SLUG")]
        slug: Option<String>,
        #[command(flatten)]
        at: TeamAt,
    },
    /// List all organizations
    List {
        #[command(flatten)]
        at: TeamAt,
    },
}

#[derive(Subcommand)]
pub enum TeamCommand {
    /// List the members of a team
    List {
        #[command(flatten)]
        of: TeamOfArgs,
        #[command(flatten)]
        at: TeamAt,
    },
    /// Put an account into a team, or give it another role
    Set {
        /// The account, by name or handle
        #[arg(value_name = "NAME")]
        account: String,
        /// Its role: owner, administrator, developer, support or viewer
        #[arg(long, value_name = "ROLE")]
        role: String,
        #[command(flatten)]
        of: TeamOfArgs,
        #[command(flatten)]
        at: TeamAt,
    },
    /// Take an account out of a team; a service ends with it
    Remove {
        /// The account, by name or handle
        #[arg(value_name = "NAME")]
        account: String,
        #[command(flatten)]
        of: TeamOfArgs,
        #[command(flatten)]
        at: TeamAt,
    },
}

/// What a team is of.
#[derive(ClapArgs)]
#[group(required = true, multiple = false)]
pub struct TeamOfArgs {
    /// The team of this product, by number or slug
    #[arg(long, value_name = "PRODUCT")]
    pub product: Option<String>,
    /// The team of this organization, by id or slug
    #[arg(long, value_name = "ORG")]
    pub org: Option<String>,
}

/// Where, and how the answer is printed.
#[derive(ClapArgs)]
pub struct TeamAt {
    /// The data folder
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}
