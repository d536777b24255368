//! The node itself, as people run it: `pintle serve` alone on the first core, `pintle fleet` on the second,
//! loopback sockets between them. Each file asks one question of it.
//!
//! Processor time is the node's process's, system calls and all its threads included; the fleet's is on the other
//! core and off the clock. Latencies are the fleet's: from its send to the kernel's receive timestamp of the answer.

mod api;
mod arrival;
mod echo;
mod empty;
mod fleet;
mod libcoap;
mod messages;
mod process;
mod storm;
mod stream;
mod tcp;
mod update;
mod vitals;

use crate::cores;
use crate::handshake::Measured;
use crate::sample::Samples;
use crate::table::Section;
use std::path::PathBuf;

pub use echo::{ECHO, serve as echo};
pub use process::lift_limits;

/// What is run.
pub struct Programs {
    /// `pintle`.
    pub node: PathBuf,
    /// The npm package that is a server for TCP devices, if it is installed.
    pub spark: Option<PathBuf>,
}

/// The most connections of a fleet: as many as a system allows a process without being asked.
const MOST_CONNECTIONS: u32 = 10_000;

/// The most devices that take an update at the same time: the same file is uploaded for each.
const MOST_UPDATED: u32 = 1_000;

/// How many devices.
pub struct Scale {
    /// Those that connect, and then idle: one fleet after the other.
    idle: Vec<u32>,
    /// Those that send while others storm.
    established: u32,
    /// Those that storm.
    storm: u32,
    /// Those of the TCP service, that have a connection each.
    connections: u32,
    /// Those that take an update at the same time.
    updated: u32,
    /// Event streams at once, which have a connection each.
    streams: u32,
}

impl Scale {
    /// Some minutes in all.
    pub const SHORT: u32 = 100_000;
    /// As the goals have it: some 35 minutes, and some gigabytes.
    pub const FULL: u32 = 1_000_000;

    /// With so many devices where there are most. Where those are more than [`Self::SHORT`], as many as that come first.
    pub fn of(devices: u32) -> Self {
        let connections = (devices / 10).min(MOST_CONNECTIONS);
        Self {
            idle: if devices > Self::SHORT { vec![Self::SHORT, devices] } else { vec![devices] },
            established: devices / 20,
            storm: devices / 10,
            connections,
            updated: (devices / 100).min(MOST_UPDATED),
            streams: connections,
        }
    }
}

/// What is compared with handshakes in memory.
pub const ARRIVAL: &str = "arrival";

/// What is measured, by the name that `--only` takes.
pub const ROOMS: [&str; 8] =
    ["empty", "api", ARRIVAL, "messages", "storm", "stream", "tcp", "update"];

/// Runs those that `chosen` names, all without a name.
pub fn run(
    programs: &Programs,
    scale: &Scale,
    chosen: Option<&str>,
    handshakes: &Measured,
    show: &mut dyn FnMut(Section),
) {
    let program = programs.node.as_path();
    cores::allow_all_descriptors();
    cores::stay_on_loads_core();
    for room in ROOMS.iter().filter(|room| chosen.is_none_or(|chosen| chosen == **room)) {
        eprintln!("the node: {room}");
        match *room {
            "empty" => show(empty::run(program)),
            "api" => api::run(program, scale.streams).into_iter().for_each(&mut *show),
            ARRIVAL => {
                for devices in &scale.idle {
                    arrival::run(program, *devices, handshakes).into_iter().for_each(&mut *show);
                }
            }
            "messages" => show(messages::run(program)),
            "storm" => show(storm::run(program, scale.established, scale.storm)),
            "stream" => show(stream::run(program)),
            "tcp" => tcp::run(programs, scale.connections).into_iter().for_each(&mut *show),
            _ => show(update::run(program, scale.updated)),
        }
    }
}

/// A figure that was measured once.
fn once(value: f64) -> Samples {
    [value].into_iter().collect()
}
