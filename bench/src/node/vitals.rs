//! What the system says of a process: memory from `/proc`, processor time from its clock.

use crate::cores;
use std::fs;
use std::time::Duration;

/// A process at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vitals {
    /// Processor time so far.
    pub processor: Duration,
    /// Bytes in memory.
    pub resident: u64,
    /// The most that ever were.
    pub most_resident: u64,
}

impl Vitals {
    /// Of the process with this id, which must run.
    pub fn of(process: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{process}/status"));
        let status = status.expect("the process runs");
        let bytes = |name| bytes(&status, name).expect("Linux tells a process's memory");
        Self {
            processor: cores::spent_by(process),
            resident: bytes("VmRSS"),
            most_resident: bytes("VmHWM"),
        }
    }
}

/// A line of `/proc/PID/status` that has kilobytes.
fn bytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "Name:\tpintle\nVmPeak:\t  9000 kB\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n\
                          Threads:\t4\n";

    #[test]
    fn memory_is_read_in_bytes() {
        assert_eq!(bytes(STATUS, "VmRSS"), Some(1 << 20));
        assert_eq!(bytes(STATUS, "VmHWM"), Some(2 << 20));
    }

    #[test]
    fn a_line_without_kilobytes_is_no_memory() {
        assert_eq!(bytes(STATUS, "Threads"), None);
        assert_eq!(bytes(STATUS, "VmSwap"), None);
        assert_eq!(bytes(STATUS, "Vm"), None);
    }

    #[test]
    fn a_process_knows_its_own_memory() {
        let vitals = Vitals::of(std::process::id());
        assert!(vitals.resident > 0 && vitals.most_resident >= vitals.resident);
    }
}
