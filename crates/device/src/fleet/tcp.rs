//! A fleet on the TCP service: connections instead of datagrams, in one thread that waits for all of them at once.
//!
//! ```text
//! engine ── ready ──▶ hearing ──▶ speech (what a device says)
//!   ├── wheel: pings, devices that come back
//!   └── offering: new devices, events
//! ```
//!
//! Every device has an id, an address and a key of its own, pinned to it: [`TcpKeys`] makes the keys once and keeps
//! them in a file, because an RSA key takes a hundred times as long to make as to use.

mod connection;
mod device;
mod engine;
mod hearing;
mod keys;
mod offering;

pub use keys::TcpKeys;

use super::engine::Observer;
use super::plan::Plan;
use super::report::Report;
use crate::error::Error;
use crate::stop::Stop;

/// Runs a fleet on the TCP service to its end, on the caller's thread. The keys of its devices must be pinned.
///
/// # Errors
/// Where there are no descriptors to be had. That devices stay out is no error: the report says so.
pub fn run_tcp(
    plan: &Plan,
    keys: &TcpKeys,
    stop: &Stop,
    observer: &mut dyn Observer,
) -> Result<Report, Error> {
    let mut engine = engine::Engine::new(plan, keys, observer)?;
    engine.run(stop)?;
    Ok(engine.report())
}
