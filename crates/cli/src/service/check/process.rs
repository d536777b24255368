//! The node's process as the kernel sees it: who it is, what it may, its limits (proc(5)).

use super::finding::Finding;
use super::host::{Host, Node};
use super::people::name_of;
use std::fs;

/// What `/proc/PID/status` and `/proc/PID/limits` say.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// The effective user.
    pub user: u32,
    /// Whether it can gain no privileges.
    pub no_new_privileges: bool,
    /// Whether its system calls are filtered.
    pub filtered: bool,
    /// The capabilities in effect, as the kernel's mask.
    pub capabilities: u64,
    /// How many files it may open.
    pub files: Option<u64>,
    /// How large a core dump may be; `None` where the kernel does not tell.
    pub core: Option<u64>,
}

impl Process {
    /// Looks at a process; `None` where it cannot be seen.
    pub fn look_at(id: u32) -> Option<Self> {
        let read = |file: &str| fs::read_to_string(format!("/proc/{id}/{file}")).ok();
        Some(Self::parse(&read("status")?, &read("limits").unwrap_or_default()))
    }

    fn parse(status: &str, limits: &str) -> Self {
        let field = |name: &str| {
            status
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
                .map(str::trim)
        };
        let effective_user = field("Uid").and_then(|ids| ids.split_whitespace().nth(1));
        let mask = field("CapEff").and_then(|mask| u64::from_str_radix(mask, 16).ok());
        Self {
            user: effective_user.and_then(|id| id.parse().ok()).unwrap_or_default(),
            no_new_privileges: field("NoNewPrivs") == Some("1"),
            filtered: field("Seccomp") == Some("2"),
            capabilities: mask.unwrap_or_default(),
            files: limit(limits, "Max open files"),
            core: limit(limits, "Max core file size"),
        }
    }
}

/// The limit in force; `unlimited` is the largest number.
fn limit(limits: &str, name: &str) -> Option<u64> {
    let value =
        limits.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?;
    if value == "unlimited" { Some(u64::MAX) } else { value.parse().ok() }
}

/// Root or not.
pub fn user(host: &Host) -> Finding {
    let name = "user";
    match (&host.node, host.process()) {
        (_, Some(Process { user: 0, .. })) => Finding::fail(
            name,
            "the node runs as root: run it as a user of its own, as the shipped unit does (User=pintle)",
        ),
        (_, Some(process)) => {
            Finding::ok(name, format!("the node runs as {}, not as root", name_of(process.user)))
        }
        (Node::None, _) => Finding::not_tried(name, "no node runs"),
        _ => Finding::not_tried(name, "the node's process cannot be seen from here"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_says_of_a_process_is_read() {
        let status = "Name:\tpintle\nUid:\t998\t998\t998\t998\nCapEff:\t0000000000000400\nNoNewPrivs:\t1\nSeccomp:\t2\n";
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \nMax core file size        0                    unlimited            bytes     \nMax open files            524288               524288               files     \n";
        let expected = Process {
            user: 998,
            no_new_privileges: true,
            filtered: true,
            capabilities: 1 << 10,
            files: Some(524_288),
            core: Some(0),
        };
        assert_eq!(Process::parse(status, limits), expected);
    }
}
