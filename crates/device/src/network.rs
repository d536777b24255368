//! Wi-Fi and SIM secrets, which stay on the device (P7).
//!
//! ```text
//!   typed ──▶ Secret ──▶ networks.sealed (AES-256-GCM under network.key, both mode 0600)
//!                │
//!                └─────▶ a file of NetworkManager or wpa_supplicant, mode 0600
//! ```
//!
//! Those two are the only ways out, and both are in this module. Nothing here can be printed, cloned or serialized, and
//! no function outside gets at the bytes of a [`Secret`]: the rest of the crate could not put one into a message if it
//! tried, and the life of a device does not know this module. `closed` has the compiler check that.
//!
//! The key is a random one of its own, not the device's identity. It protects a copy of `networks.sealed` that went
//! somewhere without it; it does not protect from whoever reads the whole folder, nor from root.

mod closed;
mod codec;
mod credential;
mod fault;
mod seal;
mod secret;
mod store;
mod system;

pub use credential::{Network, Protection, Sim, Wifi};
pub use fault::NetworkFault;
pub use secret::Secret;
pub use store::{MAX_NETWORKS, Networks};
pub use system::{Applied, Reload, System, Tool};

#[cfg(test)]
mod tests;
