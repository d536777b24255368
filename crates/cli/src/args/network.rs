//! What can be typed after `pintle device network`. No secret can: those come from standard input.

use clap::{ArgGroup, Args as ClapArgs, Subcommand};
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum NetworkCommand {
    /// Keep a Wi-Fi network or a SIM, with the secrets that are asked for
    ///
    /// They are typed blind, or come from standard input; sealed in the device's folder, they go nowhere else.
    Set(SetArgs),
    /// Name the networks that are kept
    List(ListArgs),
    /// Forget a network
    Forget(ForgetArgs),
}

/// Which network.
#[derive(ClapArgs)]
#[command(group = ArgGroup::new("which").required(true))]
pub struct Which {
    /// A Wi-Fi network, by its SSID
    #[arg(long, value_name = "SSID", group = "which")]
    pub ssid: Option<String>,
    /// A mobile network, by its APN
    #[arg(long, value_name = "APN", group = "which")]
    pub apn: Option<String>,
}

/// Whom to tell.
#[derive(ClapArgs)]
pub struct ToSystem {
    /// Hand all kept networks to NetworkManager, or where there is none to wpa_supplicant
    #[arg(long)]
    pub apply: bool,
    /// With --apply, the root of another system: of an image that is being made
    #[arg(long, value_name = "DIR", requires = "apply")]
    pub root: Option<PathBuf>,
}

#[derive(ClapArgs)]
pub struct SetArgs {
    /// The device folder
    #[arg(long, alias = "data", value_name = "D")]
    pub dir: PathBuf,
    #[command(flatten)]
    pub which: Which,
    /// The Wi-Fi network does not say its name
    #[arg(long, requires = "ssid")]
    pub hidden: bool,
    /// The Wi-Fi network has no passphrase
    #[arg(long, requires = "ssid", conflicts_with = "wpa3")]
    pub open: bool,
    /// The Wi-Fi network takes WPA3 alone
    #[arg(long, requires = "ssid")]
    pub wpa3: bool,
    /// Read the secrets from standard input, one a line: the passphrase; or user, password and PIN, empty where there is none
    #[arg(long)]
    pub secrets_stdin: bool,
    #[command(flatten)]
    pub to: ToSystem,
}

#[derive(ClapArgs)]
pub struct ListArgs {
    /// The device folder
    #[arg(long, alias = "data", value_name = "D")]
    pub dir: PathBuf,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(ClapArgs)]
#[command(group = ArgGroup::new("what").required(true))]
pub struct ForgetArgs {
    /// The device folder
    #[arg(long, alias = "data", value_name = "D")]
    pub dir: PathBuf,
    /// A Wi-Fi network, by its SSID
    #[arg(long, value_name = "SSID", group = "what")]
    pub ssid: Option<String>,
    /// A mobile network, by its APN
    #[arg(long, value_name = "APN", group = "what")]
    pub apn: Option<String>,
    /// All of them, and the key that they are sealed with, whether it opens them or not
    #[arg(long, group = "what")]
    pub all: bool,
    #[command(flatten)]
    pub to: ToSystem,
}
