//! What can go wrong with a device, to which file or setting, and what to do about it.

use crate::network::NetworkFault;
use crate::server_block::ServerBlockError;
use std::io;
use std::path::{Path, PathBuf};

/// Why a device could not be made, opened or run. Each says what happened, to what, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A device was to be made where one is.
    #[error("{} holds a device already; choose another folder", .0.display())]
    AlreadyADevice(PathBuf),
    /// A file or folder could not be used.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A setting that is unknown, missing or wrong.
    #[error("{}:{line}: {message}", path.display())]
    Config {
        /// The configuration file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it, and what would be right.
        message: String,
    },
    /// A private key that is none.
    #[error("{} is not {expected}; restore it or make a new device", path.display())]
    PrivateKey {
        /// The file.
        path: PathBuf,
        /// What it should be.
        expected: &'static str,
    },
    /// A public key that is none.
    #[error("{} is not {expected}, as DER or PEM", path.display())]
    PublicKey {
        /// The file.
        path: PathBuf,
        /// What it should be.
        expected: &'static str,
    },
    /// The record of the cloud's key is damaged, so the device has no cloud to trust.
    #[error("{}: {reason}; write it anew from the cloud's public key", path.display())]
    ServerKey {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: ServerBlockError,
    },
    /// A cloud that is not `HOST:PORT`.
    #[error("{0:?} is not HOST:PORT, for example cloud.example.com:5684")]
    CloudAddress(String),
    /// Something is wrong with network secrets, or with what they are sealed with.
    #[error(transparent)]
    Network(#[from] NetworkFault),
    /// The system gave no randomness or no key.
    #[error("the system gave no randomness to make a key from")]
    NoRandomness,
    /// A pinned keyring that is none.
    #[error("{}: {reason}; put the product's keyring there again", path.display())]
    Keyring {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: pintle_firmware::release::ReleaseFault,
    },
    /// A keyring was to be pinned where another is.
    #[error("{} has another keyring pinned already: only a signed one that follows it may replace it", .0.display())]
    HasKeyring(PathBuf),
    /// An application is to be run, and none was ever installed.
    #[error(
        "{} has no firmware yet: pintle device firmware install FILE --dir {}", .0.display(), .0.display()
    )]
    NoFirmware(PathBuf),
    /// Firmware was to be installed where there is some.
    #[error(
        "{} has firmware already: send the device an update, or remove its slots.bin to begin anew", .0.display()
    )]
    HasFirmware(PathBuf),
    /// Firmware that a device does not take.
    #[error("{0}")]
    Firmware(String),
    /// Slots from which nothing can be run.
    #[error("the device's slots: {0}")]
    Slots(String),
    /// A file that another process has.
    #[error("{} is in use: does the device run?", .0.display())]
    InUse(PathBuf),
    /// The event loop could not go on.
    #[error("cannot {action}: {source}")]
    System {
        /// What was tried.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// An event that cannot be sent as it is.
    #[error("the event {name:?} cannot be sent: {reason}")]
    Event {
        /// The event's name.
        name: String,
        /// What is wrong with it.
        reason: pintle_protocol::Error,
    },
    /// More functions or variables than a device may have, or names out of bounds.
    #[error(
        "the functions and variables cannot be described: at most 100 of each, names of 1 to 64 bytes"
    )]
    Describe,
    /// A name that is longer than the firmware takes.
    #[error("the name {name:?} is too long for a {}: it takes {limit} bytes", generation.name())]
    LongName {
        /// The firmware.
        generation: crate::generation::Generation,
        /// The name of the function or variable.
        name: String,
        /// Its most, in bytes.
        limit: usize,
    },
    /// More functions or variables than the firmware can say in one message.
    #[error(
        "the functions and variables of a {} take {length} bytes to describe, and it can send {limit}: have fewer, or shorter names",
        generation.name()
    )]
    LongDescribe {
        /// The firmware.
        generation: crate::generation::Generation,
        /// Bytes of the description.
        length: usize,
        /// How many may be.
        limit: usize,
    },
    /// More events are waiting than the agent keeps.
    #[error("{0} events are waiting to be sent; publish more slowly")]
    OutboxFull(usize),
    /// The agent has ended.
    #[error("the agent has ended")]
    Ended,
    /// The agent's thread panicked.
    #[error("the agent failed in a way it should not; please report it")]
    Panicked,
}

impl Error {
    /// For `map_err` beside a file operation.
    pub(crate) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::File { action, path, source }
    }

    /// For `map_err` beside a system call.
    pub(crate) fn system(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::System { action, source }
    }
}
