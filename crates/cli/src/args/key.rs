//! What can be typed after `key`, `backup` and `restore`.

use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum KeyCommand {
    /// List the data keys that the node key wraps, and their ages; no secrets
    List {
        /// The data folder
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Make new data keys and seal everything anew, while the node runs
    Rotate {
        /// The data folder
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Why, for the audit log
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// Print the outcome as JSON
        #[arg(long)]
        json: bool,
    },
    /// Copy the node key, locked with a passphrase or in shares, to keep away from the machine
    Backup(KeyBackupArgs),
    /// Make the node key's file again, of a locked copy or of shares
    Restore(KeyRestoreArgs),
}

#[derive(ClapArgs)]
pub struct KeyBackupArgs {
    /// The data folder
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// The file to write; with --shares, the folder to write them in
    #[arg(long, value_name = "PATH")]
    pub to: PathBuf,
    /// Make so many shares instead of one locked copy
    #[arg(long, value_name = "N", requires = "needed", conflicts_with = "passphrase_stdin")]
    pub shares: Option<u8>,
    /// Of which so many make the key again
    #[arg(long, value_name = "K", requires = "shares")]
    pub needed: Option<u8>,
    /// Read the passphrase from the first line of standard input
    #[arg(long)]
    pub passphrase_stdin: bool,
}

#[derive(ClapArgs)]
pub struct KeyRestoreArgs {
    /// The locked copy, or a share; repeat for each share
    #[arg(long = "from", value_name = "FILE", required = true)]
    pub from: Vec<PathBuf>,
    /// The node key file to make
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
    /// Read the passphrase from the first line of standard input
    #[arg(long)]
    pub passphrase_stdin: bool,
}

#[derive(ClapArgs)]
pub struct BackupArgs {
    /// The data folder
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// The folder to make
    #[arg(long, value_name = "NEW")]
    pub to: PathBuf,
    /// Print the outcome as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(ClapArgs)]
pub struct RestoreArgs {
    /// The backup
    #[arg(long, value_name = "BACKUP")]
    pub from: PathBuf,
    /// The data folder to make
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// The node key that the node had when the backup was made
    #[arg(long, value_name = "FILE")]
    pub node_key: PathBuf,
    /// Also write down in this data folder, running or not, that its backup was tried out
    #[arg(long, value_name = "DIR")]
    pub tell: Option<PathBuf>,
    /// Print the outcome as JSON
    #[arg(long)]
    pub json: bool,
}
