//! What an operator at the machine can ask of a node, running or not.
//!
//! A running node owns its data folder: a command that needs one, such as `pintle pin`, goes to
//! `DIR/control.sock` when a node listens there, and opens the store itself only when none does.
//! Either way the same [`Office`] does the work. One request and one answer a connection, each one
//! line of JSON.

mod audit;
mod batch;
mod keys;
mod line;
mod office;
mod peer;
mod people;
mod product;
mod rollout;
mod socket;
mod survey;
mod team;

pub use audit::AuditReading;
pub use batch::{BatchFileError, PinLine, read_batch};
pub use keys::{KeyLine, KeyRequest};
pub use line::{Entry, Pinned, Request, Response, Skipped, WaitingEvent};
pub use office::{Office, Running};
pub use peer::{PeerDevices, PeerError, read_peer};
pub use people::{Password, PeopleRequest, PersonLine};
pub use product::{FirmwareLine, ProductLine, ProductRequest, Products};
pub use rollout::{RolloutRequest, Rollouts, Which};
pub use socket::{ControlError, Listener, ask, ask_if_running};
pub use team::{MemberLine, OrganizationLine, TeamOf, TeamRequest};

/// The socket's name in the data folder.
pub const SOCKET: &str = "control.sock";
