//! What can be typed after `pintle user`.

use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum UserCommand {
    /// Make an account; its password is typed, or read from standard input
    Create {
        /// What its holder will type to log in; only a keyed hash of it is kept
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        with: NewPasswordArgs,
    },
    /// List all accounts, by handle: names are not kept
    List {
        /// The data folder
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Give an account another password; whoever is logged in to it is logged out
    Reset {
        /// The account: what its holder types, or its handle
        #[arg(value_name = "USER")]
        user: String,
        #[command(flatten)]
        with: NewPasswordArgs,
    },
    /// Take the second factor of an account away, for who lost it and all recovery codes
    MfaReset {
        /// The account: what its holder types, or its handle
        #[arg(value_name = "USER")]
        user: String,
        /// The data folder
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Print the outcome as JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(ClapArgs)]
pub struct NewPasswordArgs {
    /// The data folder
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Read the password from the first line of standard input
    #[arg(long)]
    pub password_stdin: bool,
    /// Print the outcome as JSON
    #[arg(long)]
    pub json: bool,
}
