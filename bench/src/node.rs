//! The node itself, as people run it: `pintle serve` alone on the first core, `pintle fleet` on the second,
//! loopback sockets between them. Each file asks one question of it.
//!
//! Processor time is the node's process's, system calls and all its threads included; the fleet's is on the other
//! core and off the clock. Latencies are the fleet's: from its send to the kernel's receive timestamp of the answer.

mod arrival;
mod echo;
mod empty;
mod fleet;
mod libcoap;
mod messages;
mod process;
mod storm;
mod stream;
mod vitals;

use crate::cores;
use crate::handshake::Measured;
use crate::sample::Samples;
use crate::table::Section;
use std::path::Path;

pub use echo::{ECHO, serve as echo};

/// How many devices.
pub struct Scale {
    /// Those that connect, and then idle.
    idle: u32,
    /// Those that send while others storm.
    established: u32,
    /// Those that storm.
    storm: u32,
}

impl Scale {
    /// Some minutes in all.
    pub const SHORT: u32 = 100_000;
    /// As the goals have it: half an hour, and some gigabytes.
    pub const FULL: u32 = 1_000_000;

    /// With so many devices where there are most.
    pub const fn of(devices: u32) -> Self {
        Self { idle: devices, established: devices / 20, storm: devices / 10 }
    }
}

/// What is compared with handshakes in memory.
pub const ARRIVAL: &str = "arrival";

/// What is measured, by the name that `--only` takes.
pub const ROOMS: [&str; 5] = ["empty", ARRIVAL, "messages", "storm", "stream"];

/// Runs those that `chosen` names, all without a name.
pub fn run(
    program: &Path,
    scale: &Scale,
    chosen: Option<&str>,
    handshakes: &Measured,
) -> Vec<Section> {
    cores::allow_all_descriptors();
    cores::stay_on_loads_core();
    let rooms = ROOMS.iter().filter(|room| chosen.is_none_or(|chosen| chosen == **room));
    let mut sections = Vec::new();
    for room in rooms {
        eprintln!("the node: {room}");
        match *room {
            "empty" => sections.push(empty::run(program)),
            ARRIVAL => sections.extend(arrival::run(program, scale.idle, handshakes)),
            "messages" => sections.push(messages::run(program)),
            "storm" => sections.push(storm::run(program, scale.established, scale.storm)),
            _ => sections.push(stream::run(program)),
        }
    }
    sections
}

/// A figure that was measured once.
fn once(value: f64) -> Samples {
    [value].into_iter().collect()
}
