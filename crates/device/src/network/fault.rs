//! What can be wrong with network secrets. No fault holds what it is about.

use std::path::PathBuf;

/// Why a network was not kept, opened or handed over.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkFault {
    /// An SSID out of bounds.
    #[error("an SSID has 1 to 32 bytes")]
    Ssid,
    /// A passphrase out of bounds.
    #[error("a passphrase has 8 to 63 printable ASCII characters")]
    Passphrase,
    /// An APN out of bounds.
    #[error("an APN has 1 to 100 letters, digits, dots and hyphens")]
    Apn,
    /// A user or password of a SIM out of bounds.
    #[error("user and password of a SIM have at most 64 printable ASCII characters")]
    Login,
    /// A PIN out of bounds.
    #[error("a PIN has 4 to 8 digits")]
    Pin,
    /// More than are kept.
    #[error("{limit} networks are kept at most: forget one first")]
    TooMany {
        /// How many may be.
        limit: usize,
    },
    /// None of this name.
    #[error("no network of that name is kept; `pintle device network list` names them")]
    Unknown,
    /// The key is gone.
    #[error(
        "{} is not there, and without it nothing that was kept can be opened: `pintle device network forget --all`, then set the networks anew",
        .0.display()
    )]
    NoKey(PathBuf),
    /// The key has another length.
    #[error("{} is not a key of 32 bytes: restore it, or `pintle device network forget --all`", .0.display())]
    BadKey(PathBuf),
    /// Others than its owner may read the key.
    #[error(
        "others may read {} (mode {mode:o}): chmod 600 it, and change the secrets if anybody may have",
        path.display()
    )]
    Loose {
        /// The key.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The file is not what the key sealed.
    #[error(
        "{} was not sealed with this device's key, or was changed: `pintle device network forget --all`, then set the networks anew",
        .0.display()
    )]
    NotSealed(PathBuf),
    /// Neither NetworkManager nor wpa_supplicant.
    #[error(
        "there is no NetworkManager (etc/NetworkManager/system-connections) nor wpa_supplicant (etc/wpa_supplicant/wpa_supplicant.conf) in {}: the networks are kept, and nobody was told",
        .0.display()
    )]
    NoTool(PathBuf),
    /// A configuration that is too long to be one, or lost the end of the block that is to be replaced.
    #[error(
        "{} is longer than {limit} bytes, or has only the first of the two lines around what was written into it: nobody was told",
        path.display()
    )]
    Config {
        /// The configuration.
        path: PathBuf,
        /// How long it may be, in bytes.
        limit: u64,
    },
    /// wpa_supplicant knows no SIM.
    #[error(
        "wpa_supplicant knows no SIM: for that, NetworkManager has to be there; nobody was told"
    )]
    NoSim,
}
