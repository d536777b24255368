//! How much memory the target's process has, where it runs on this machine.

use std::fs;

/// Bytes that are in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resident {
    pub(crate) bytes: u64,
}

impl Resident {
    /// Of this process; `None` where it is not on this machine, or this is no Linux.
    pub(crate) fn of(process: Option<u32>) -> Option<Self> {
        let status = fs::read_to_string(format!("/proc/{}/status", process?)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
        Some(Self { bytes: kilobytes * 1024 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_in_memory_and_one_that_is_not_there_is_not() {
        assert!(Resident::of(Some(std::process::id())).is_some_and(|it| it.bytes > 100_000));
        assert_eq!(Resident::of(None), None);
        assert_eq!(Resident::of(Some(u32::MAX)), None);
    }
}
