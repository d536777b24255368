//! The server: doors for devices, an API for people, a store, a bus.
//!
//! A device's message walks [`door`] → [`device`] → [`event`] → [`api`]; a person's request walks the
//! same rooms backwards, through [`device::Gateway`]. Beside them stand [`store`] (all that lasts),
//! [`account`] (people) and [`control`] (the operator at the machine). [`serve`] puts a node together.

pub mod account;
pub mod api;
pub mod audit;
pub mod certificate;
pub mod clock;
pub mod config;
pub mod control;
mod der;
pub mod device;
pub mod device_key;
pub mod door;
pub mod event;
pub mod folder;
pub mod guard;
pub mod hook;
pub mod init;
pub mod journal;
pub mod metrics;
pub mod node_key;
pub mod pem;
pub mod pinning;
pub mod priority;
mod private_file;
pub mod probe;
pub mod product;
pub mod pulse;
pub mod secret;
pub mod serve;
pub mod store;
pub mod survey;
pub mod vault;
#[cfg(feature = "weakened")]
pub mod weakened;
#[cfg(not(feature = "weakened"))]
mod weakened;

pub use pintle_protocol::DeviceId;
