//! What can be typed.

mod attack;
mod audit;
mod checklist;
mod device_firmware;
mod firmware;
mod fleet;
mod inventory;
mod key;
mod keyring;
mod login;
mod network;
mod product;
mod release;
mod rollout;
mod secret;
mod team;
mod user;

pub use attack::{AttackArgs, AttackCommand};
pub use audit::{AuditCommand, AuditExportArgs, AuditShowArgs, AuditVerifyArgs};
pub use checklist::{
    ChecklistCommand, ChecklistInitArgs, ChecklistPackArgs, ChecklistRunArgs,
    ChecklistScheduleArgs, ChecklistTarget, ChecklistVerifyArgs,
};
pub use device_firmware::{DeviceFirmwareCommand, FirmwareInstallArgs, FirmwareStatusArgs};
pub use firmware::{FirmwareCommand, InspectArgs, VerifyArgs};
pub use fleet::FleetArgs;
pub use inventory::{PartsArgs, SbomArgs, SbomFormat, VexArgs, VexForm};
pub use key::{BackupArgs, KeyBackupArgs, KeyCommand, KeyRestoreArgs, RestoreArgs};
pub use keyring::{KeyArgs, KeyringCommand, MakeArgs, NextArgs, RingArgs, RingSignArgs};
pub use login::LoginArgs;
pub use network::{ForgetArgs, ListArgs, NetworkCommand, SetArgs, ToSystem};
pub use product::{ProductCommand, ProductFirmwareCommand};
pub use release::{BundleArgs, ReleaseCommand, ReviewArgs, ShowArgs, SignArgs};
pub use rollout::{RolloutArgs, RolloutCommand, RolloutStartArgs, RolloutStatusArgs};
pub use secret::{KeyAddArgs, SecretCommand, SecretKeyCommand, SecretReadArgs, SecretSendArgs};
pub use team::{OrgCommand, TeamAt, TeamCommand, TeamOfArgs};
pub use user::UserCommand;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use pintle_device::{Generation, generation_named};
use std::net::SocketAddr;
use std::path::PathBuf;

/// A secure device cloud that a team hosts itself.
#[derive(Parser)]
#[command(version, about, propagate_version = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Make a data folder: keys, a local certificate authority, a first operator
    Init(InitArgs),
    /// Run a node on a data folder
    Serve(ServeArgs),
    /// Pin device keys, list them, and see who was refused
    #[command(subcommand)]
    Pin(PinCommand),
    /// Copy a data folder while its node runs: without the node key, and without sessions
    Backup(BackupArgs),
    /// Make a data folder of a backup and its node key
    Restore(RestoreArgs),
    /// The keys of a node: replace them, and keep copies of the one that opens all others
    #[command(subcommand)]
    Key(KeyCommand),
    /// What matters for security was written down: see it, check that nobody changed it
    #[command(subcommand)]
    Audit(AuditCommand),
    /// The security checklist, tried: every claim, with evidence, reports and what to do
    #[command(subcommand)]
    Checklist(ChecklistCommand),
    /// Events kept for a durable consumer: see them, take them
    #[command(subcommand)]
    Outbox(OutboxCommand),
    /// The device's side: make a device, run it, write a server block
    #[command(subcommand)]
    Device(DeviceCommand),
    /// People: make accounts, list them, let somebody in again
    #[command(subcommand)]
    User(UserCommand),
    /// Firmware modules: look into them, and at who signed them, before anybody gets them
    #[command(subcommand)]
    Firmware(FirmwareCommand),
    /// Keys that sign firmware, and which of them a product's devices trust; needs no node
    #[command(subcommand)]
    Keyring(KeyringCommand),
    /// Products: make them, set their keyrings, take in and release their firmware
    #[command(subcommand)]
    Product(ProductCommand),
    /// Organizations: people who share products
    #[command(subcommand)]
    Org(OrgCommand),
    /// Teams of products and organizations: who is in them, and with which role
    #[command(subcommand)]
    Team(TeamCommand),
    /// Releases: sign a module, review it, see who signed; needs no node
    #[command(subcommand)]
    Release(ReleaseCommand),
    /// Bring new firmware to the devices of a product in stages, which halt by themselves
    #[command(subcommand)]
    Rollout(RolloutCommand),
    /// Log in at a server, with a browser on any machine: for commands that call it
    Login(LoginArgs),
    /// End the login, here and at the server
    Logout,
    /// One-time secrets: sealed to one person's key on this machine, destroyed when they are read
    #[command(subcommand)]
    Secret(SecretCommand),
    /// As a service of the system
    #[command(subcommand)]
    Service(ServiceCommand),
    /// Attack a twin of a node, or a target that its operator confirmed to own: the penetration suite
    Attack(Box<AttackArgs>),
    /// A fleet of virtual devices in one process, for load, soak and faults on this machine
    Fleet(Box<FleetArgs>),
    /// A whole local cloud with one virtual device, to look at
    Quickstart(QuickstartArgs),
}

impl Command {
    /// Whether only warnings are logged: for commands whose output is their answer.
    pub fn is_quiet(&self) -> bool {
        !matches!(self, Self::Serve(_) | Self::Device(DeviceCommand::Run(_)))
    }
}

#[derive(ClapArgs)]
pub struct InitArgs {
    /// The data folder to make; or, to add a key for the TCP service to, one that is there
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// The first operator's name, as typed when logging in
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// Read the password from the first line of standard input
    #[arg(long)]
    pub password_stdin: bool,
    /// A further host name or address for the API's certificate; may be repeated
    #[arg(long = "name", value_name = "HOST")]
    pub names: Vec<String>,
    /// Where security bugs are to be reported: mailto:, https: or tel:
    #[arg(long, value_name = "URI")]
    pub contact: Option<String>,
    /// Where to make the node key, which opens everything else: better outside the data folder
    #[arg(long, value_name = "FILE")]
    pub node_key: Option<PathBuf>,
    /// Make a key for devices on the TCP service (RSA-2048); without --user, in a folder that was made without one
    #[arg(long)]
    pub tcp: bool,
    /// Take over the key that devices on the TCP service have pinned (RSA-2048; PEM or DER) instead of making one
    #[arg(long, value_name = "FILE")]
    pub import_tcp_key: Option<PathBuf>,
    /// Take over the key that devices on UDP have pinned (P-256; PEM or DER) instead of making one
    #[arg(long, value_name = "FILE")]
    pub import_udp_key: Option<PathBuf>,
    /// Print where things are as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(ClapArgs)]
pub struct ServeArgs {
    /// The data folder
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Where the HTTPS API listens, instead of what config.toml says; port 0 takes a free one
    #[arg(long, value_name = "ADDR")]
    pub api: Option<SocketAddr>,
    /// Where devices come in over UDP, instead of what config.toml says; port 0 takes a free one
    #[arg(long, value_name = "ADDR")]
    pub udp: Option<SocketAddr>,
    /// Where devices of the TCP service come in, whatever config.toml says; it is off unless one of them turns it on
    #[arg(long, value_name = "ADDR")]
    pub tcp: Option<SocketAddr>,
    /// Write the bound addresses to this file as JSON when ready
    #[arg(long, value_name = "FILE")]
    pub ready_file: Option<PathBuf>,
    /// Switch one protection off: for tests of the attacks, in no release
    #[cfg(feature = "weakened")]
    #[arg(long, value_name = "NAME", hide = true)]
    pub weaken: Option<String>,
}

#[derive(Subcommand)]
pub enum PinCommand {
    /// Pin a device's public key; a live session under another key ends
    Set {
        /// The data folder
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// The device id: 24 hex digits
        #[arg(long, value_name = "ID")]
        device: String,
        /// The device's public key, P-256 or RSA-1024: SPKI, as DER or PEM
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// The account that gets the device
        #[arg(long, value_name = "NAME")]
        owner: Option<String>,
        /// Print the outcome as JSON
        #[arg(long)]
        json: bool,
    },
    /// List all pins
    List {
        /// The data folder
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Show what happened to pins, and which keys were refused
    History {
        /// The data folder
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Only this device's
        #[arg(long, value_name = "ID")]
        device: Option<String>,
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Pin a manufacturing batch, all of it or nothing; or the devices of a spark-server
    Import(PinImportArgs),
    /// Let a device without a pin have the key pinned that it comes with, once, over the TCP service
    ///
    /// Whoever comes first with this id in that time is the device from then on: only where no stranger can reach the node.
    Enrol {
        /// The data folder of a running node
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// The device id: 24 hex digits
        #[arg(long, value_name = "ID")]
        device: String,
        /// For how long, 1 to 60
        #[arg(long, value_name = "N")]
        minutes: u16,
        /// Print the outcome as JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(ClapArgs)]
pub struct PinImportArgs {
    /// CSV with the columns device_id,public_key,platform_id,owner
    #[arg(value_name = "FILE.csv", required_unless_present = "from_spark_server")]
    pub file: Option<PathBuf>,
    /// Pin the devices in this folder of a spark-server instead; what cannot be pinned is skipped, and said
    #[arg(long, value_name = "FOLDER", conflicts_with = "file")]
    pub from_spark_server: Option<PathBuf>,
    /// The account that gets the devices of a spark-server
    #[arg(long, value_name = "NAME", requires = "from_spark_server")]
    pub owner: Option<String>,
    /// The data folder
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Print the outcome as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Subcommand)]
pub enum OutboxCommand {
    /// Show the events that wait; they go on waiting
    List {
        /// The data folder of a running node
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// At most so many, 512 in one go
        #[arg(long, value_name = "N", default_value_t = 100)]
        count: usize,
        /// Print each as a line of JSON
        #[arg(long)]
        json: bool,
    },
    /// Print events and take each once it is written out: it is kept no longer
    ///
    /// Whatever ends the command, an event that was not taken waits for the next one. One may be printed twice, none is
    /// lost: take note of the row, which no two events share.
    Take(OutboxTakeArgs),
}

#[derive(ClapArgs)]
pub struct OutboxTakeArgs {
    /// The data folder of a running node
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Take so many, then end; otherwise all that wait
    #[arg(long, value_name = "N")]
    pub count: Option<usize>,
    /// Wait for more instead of ending
    #[arg(long)]
    pub follow: bool,
    /// Print each as a line of JSON
    #[arg(long)]
    pub json: bool,
}

/// The services that devices use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Protocol {
    /// DTLS over UDP
    Udp,
    /// The older TCP service
    Tcp,
}

#[derive(Subcommand)]
pub enum DeviceCommand {
    /// Make a device folder: a key pair, an id, the pinned cloud key, a configuration
    New(DeviceNewArgs),
    /// Run a device until it is told to stop
    Run(DeviceRunArgs),
    /// The firmware that a device runs
    #[command(subcommand)]
    Firmware(DeviceFirmwareCommand),
    /// Wi-Fi and SIM secrets, which stay on the device
    #[command(subcommand)]
    Network(NetworkCommand),
    /// Write the server block that real hardware needs, with the lines to flash it and read it back
    ServerBlock {
        /// The cloud's public key: SPKI, as DER or PEM
        #[arg(long, value_name = "FILE")]
        cloud_key: PathBuf,
        /// The cloud's host: an IPv4 address or a domain name
        #[arg(long, value_name = "HOST")]
        cloud: String,
        /// The cloud's port
        #[arg(long, value_name = "N")]
        port: Option<u16>,
        /// For the older TCP service: an RSA key, 512 bytes
        #[arg(long)]
        tcp: bool,
        /// The file to write
        #[arg(long, value_name = "FILE", default_value = "server-block.bin")]
        out: PathBuf,
    },
}

#[derive(ClapArgs)]
pub struct DeviceNewArgs {
    /// The device folder to make
    #[arg(long, value_name = "D")]
    pub dir: PathBuf,
    /// The device id, 24 hex digits; random if not given
    #[arg(long, value_name = "HEX")]
    pub id: Option<String>,
    /// The cloud's public key: SPKI, as DER or PEM
    #[arg(long, value_name = "FILE")]
    pub cloud_key: PathBuf,
    /// Where the cloud is
    #[arg(long, value_name = "HOST:PORT")]
    pub cloud: String,
    /// The service it uses: DTLS over UDP, or the older TCP service, whose cloud key is RSA
    #[arg(long, value_name = "NAME", default_value = "udp")]
    pub protocol: Protocol,
    /// With --protocol tcp, the firmware it is to be: core, photon-0.7, photon-2 (the default) or photon-3
    #[arg(long, value_name = "NAME", value_parser = generation_named)]
    pub generation: Option<Generation>,
    /// Print where things are as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(ClapArgs)]
pub struct DeviceRunArgs {
    /// The device folder
    #[arg(long, value_name = "D")]
    pub dir: PathBuf,
}

#[derive(Subcommand)]
pub enum ServiceCommand {
    /// Check a host where Pintle runs or is to run: unit, sandbox, data folder, keys, limits, ports, the node
    ///
    /// Exit code 0 when nothing failed, 1 when something did. What could not be looked at is "not tried".
    Check(ServiceCheckArgs),
}

#[derive(ClapArgs)]
pub struct ServiceCheckArgs {
    /// The data folder; /var/lib/pintle, the service's, if not given
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Print the findings as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(ClapArgs)]
pub struct QuickstartArgs {
    /// The folder to keep it in; the next quickstart continues from there
    #[arg(long, value_name = "DIR", default_value = "pintle-data")]
    pub data: PathBuf,
}
