//! What the fleet itself costs, so that a measurement of the node can be believed.

use crate::error::Error;
use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use nix::unistd::Pid;
use std::fs;
use std::time::Duration;

/// Processor time and memory of this process up to now.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    pub(super) user: Duration,
    pub(super) system: Duration,
    /// Resident memory, in bytes.
    pub(super) resident: u64,
}

impl Cost {
    /// As of now; what the system does not tell is zero.
    pub(super) fn now() -> Self {
        let usage = getrusage(UsageWho::RUSAGE_SELF).ok();
        let time = |time: TimeVal| {
            let micros = u32::try_from(time.tv_usec()).unwrap_or(0);
            Duration::new(u64::try_from(time.tv_sec()).unwrap_or(0), micros * 1000)
        };
        Self {
            user: usage.map_or(Duration::ZERO, |usage| time(usage.user_time())),
            system: usage.map_or(Duration::ZERO, |usage| time(usage.system_time())),
            resident: resident(),
        }
    }

    /// All processor time.
    pub(super) fn cpu(&self) -> Duration {
        self.user + self.system
    }
}

fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

/// Keeps this process on one core, counted from 0.
///
/// # Errors
/// [`Error::System`] where the machine has no such core, or does not let this process have it.
pub fn stay_on_core(core: usize) -> Result<(), Error> {
    let mut set = CpuSet::new();
    set.set(core)
        .and_then(|()| sched_setaffinity(Pid::from_raw(0), &set))
        .map_err(|error| Error::System { action: "stay on that core", source: error.into() })
}
