//! The device's side of Pintle: an agent for Linux gateways, which is also the virtual device of the tests and
//! of the quickstart.
//!
//! [`Folder`] is a device on disk: its key, the cloud key pinned in it, its configuration and the session it
//! keeps between runs. [`Life`] is what a device says and when, without a socket or a clock. [`run`] and
//! [`Agent`] put the two on a UDP socket with a [`Board`] that answers functions and variables. Apart from
//! those, [`ServerBlock`] makes the record that real hardware keeps of its cloud.
//!
//! Over UDP it takes firmware updates into two slots ([`install`], [`VirtualFirmware`]), and runs what is in one of them.
//!
//! Ruled by the wire of Device OS 6.2 over UDP, and over TCP by that of the firmware that came before. Ledgers are not
//! here.
//!
//! Network credentials (Wi-Fi, SIM) are in [`network`] and nowhere else: what holds one cannot be put into a message
//! (P7).
#![forbid(unsafe_code)]

mod agent;
pub mod board;
mod checksum;
mod command;
mod config;
mod error;
mod firmware;
pub mod fleet;
mod folder;
mod generation;
pub mod life;
pub mod network;
mod notice;
mod private_file;
pub mod probe;
mod public_key_file;
mod runner;
mod saved;
pub mod server_block;
mod stop;
#[cfg(feature = "tcp")]
mod tcp;

pub use agent::{Agent, AgentHandle, RunOptions, run};
pub use board::{Board, BoardError, VirtualBoard};
pub use config::{Application, Config, Events, Source, Variable};
pub use error::Error;
pub use firmware::{
    Bench, Firmware, InSlot, Installed, MemoryFlash, Started, VirtualFirmware, install, installed,
    pin_keyring,
};
pub use folder::{CreateOptions, Folder, Service};
pub use generation::{Generation, generation_named};
pub use life::{LastReset, Life, Loss, Profile};
pub use notice::Notice;
pub use pintle_dtls::PublicKey;
pub use pintle_protocol::DeviceId;
pub use pintle_protocol::value::{Value, VariableType};
pub use public_key_file::{read_cloud_key, read_rsa_cloud_key};
pub use server_block::ServerBlock;
pub use stop::Stop;
