//! A fleet of virtual devices in one thread, for load, soak and faults: a million of them fit beside a node.
//!
//! Every device has a key, an id and an address of its own, all made from its number. It shakes hands, introduces
//! itself, pings, publishes and answers as Device OS does over UDP, but it is a few hundred bytes and not a
//! [`crate::Life`]; what it does is the same for all, so little of it need be kept. The network in between can
//! lose, double, delay and damage datagrams, and give devices other ports.
//!
//! ```text
//! engine ── receive ──▶ hearing ──▶ saying ──▶ network ──▶ socket
//!   │                      ├──▶ shaking (handshakes)          (weather)
//!   │                      └──▶ updating (chunks, restarts)
//!   ├── wheel: repetitions, pings, changes of port
//!   └── offering: new devices, events, devices that forget
//! ```
//!
//! Only ever on loopback, and bounded in count and time: see [`Plan::check`].

mod address;
mod cost;
mod course;
mod crypto;
mod device;
mod engine;
mod flow;
mod hearing;
mod histogram;
mod image;
mod keys;
mod network;
mod offering;
mod outages;
mod pending;
mod plan;
mod probe;
mod random;
mod report;
mod saying;
mod shaking;
mod socket;
mod speech;
mod taking;
mod tally;
#[cfg(feature = "tcp")]
mod tcp;
#[cfg(test)]
mod tests;
mod updating;
mod wheel;

pub use cost::stay_on_core;
pub use engine::Observer;
pub use histogram::Latency;
pub use keys::Keys;
pub use network::{Traffic, Weather};
pub use outages::Outage;
pub use pintle_firmware::module::Product;
pub use plan::{LARGEST_PAYLOAD, LONGEST, MOST_DEVICES, Plan, PlanError};
pub use probe::{answers, greets};
pub use report::{FleetCost, Report};
pub use speech::{EVENT, PLATFORM};
pub use tally::{Events, Progress, Sessions, Stage, Updates};
#[cfg(feature = "tcp")]
pub use tcp::{TcpKeys, run_tcp};

use crate::error::Error;
use crate::stop::Stop;
use pintle_dtls::PublicKey;

/// Runs a fleet on UDP, whose devices have `cloud` pinned, to its end, on the caller's thread. The keys of its devices
/// ([`Keys`]) must be pinned.
///
/// # Errors
/// Where there is no socket to be had, or it fails. That devices stay out is no error: the report says so.
pub fn run(
    plan: &Plan,
    cloud: PublicKey,
    stop: &Stop,
    observer: &mut dyn Observer,
) -> Result<Report, Error> {
    let mut engine = engine::Engine::new(plan, cloud, observer)?;
    engine.run(stop)?;
    Ok(engine.report())
}
