//! The device's side, with the faults of each firmware: for virtual devices and tests.

mod answering;
mod firmware;
mod handshake;
mod saying;
mod session;
mod updating;

pub use firmware::{Firmware, Overlong, Refuses, SaltOrder, Updates};
pub use handshake::{Handshake, HandshakeError};
pub use session::{Heard, Received, Session};
