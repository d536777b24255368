//! The device's side, with the faults of each firmware: for virtual devices and tests.

mod firmware;
mod handshake;
mod session;

pub use firmware::{Firmware, SaltOrder};
pub use handshake::{Handshake, HandshakeError};
pub use session::{Heard, Received, Session};
