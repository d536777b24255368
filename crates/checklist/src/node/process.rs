//! The node's process as the kernel sees it (proc(5)).

use crate::anchor::{cra, en303645, iso, isvs};
use crate::check::{Check, Item, Severity};
use crate::look::Look;
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::survey::Survey;
use crate::verdict::{Fault, Verdict};
use serde::Serialize;
use std::fs;
use std::path::Path;

/// The capability to bind ports below 1024, as the kernel's mask: the one that a node may need.
const BIND: u64 = 1 << 10;

/// What the kernel says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Process {
    /// The effective user.
    pub user: u32,
    /// Whether it can gain no privileges.
    pub no_new_privileges: bool,
    /// Whether its system calls are filtered.
    pub filtered: bool,
    /// The capabilities in effect, as the kernel's mask.
    pub capabilities: u64,
    /// Whether it may leave a core dump; `None` where the kernel does not tell.
    pub dumps: Option<bool>,
}

/// The process of a node that runs.
pub(super) fn id(survey: &Survey) -> Result<u32, String> {
    let running = survey.running.as_ref();
    running.map(|running| running.process).ok_or_else(|| {
        "no node runs on this folder: start it to have its process looked at".to_owned()
    })
}

/// Looks at a process.
pub(super) fn look(root: &Path, process: Result<u32, String>) -> Look<Process> {
    let process = match process {
        Ok(process) => process,
        Err(why) => return Look::unseen(why),
    };
    let read = |file: &str| fs::read_to_string(root.join(format!("proc/{process}/{file}"))).ok();
    match read("status") {
        Some(status) => Look::seen(
            ["read status and limits of the node's process"],
            parse(&status, read("limits").as_deref()),
        ),
        None => Look::unseen(
            "the node's process cannot be seen from here: run this on its machine, outside other containers",
        ),
    }
}

fn parse(status: &str, limits: Option<&str>) -> Process {
    let field = |name: &str| {
        let mut lines = status.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
    };
    let user = field("Uid").and_then(|ids| ids.split_whitespace().nth(1));
    let mask = field("CapEff").and_then(|mask| u64::from_str_radix(mask, 16).ok());
    let core = limits.and_then(|limits| {
        let mut lines = limits.lines();
        lines.find_map(|line| line.strip_prefix("Max core file size"))?.split_whitespace().next()
    });
    Process {
        user: user.and_then(|id| id.parse().ok()).unwrap_or_default(),
        no_new_privileges: field("NoNewPrivs") == Some("1"),
        filtered: field("Seccomp") == Some("2"),
        capabilities: mask.unwrap_or_default(),
        dumps: core.map(|limit| limit != "0"),
    }
}

/// It is a user of its own.
pub(super) const NOT_ROOT: Check = Check {
    id: "node-user-not-root",
    item: Item::Cloud,
    severity: Severity::High,
    claim: "The node does not run as root.",
    how: "Asks the running node for its process, and the kernel for that process's effective user.",
    remedy: "Run it as a user of its own, as the shipped systemd unit does (User=pintle).",
    anchors: &[isvs("3.3"), en303645("5.6-7"), cra("I.1(2)(k)"), iso("A.8.2")],
    risks: &[Risk::CorporateData, Risk::Downtime],
    room: Room::Node,
    judge: not_root,
};

/// It is in a sandbox.
pub(super) const SANDBOXED: Check = Check {
    id: "node-sandboxed",
    item: Item::Cloud,
    severity: Severity::Medium,
    claim: "The node runs in a sandbox: it can gain no privileges, its system calls are filtered, and it holds no capability but that for low ports.",
    how: "Asks the kernel what the node's process may do.",
    remedy: "Start it with the shipped systemd unit; `pintle service check` says which of its settings are weakened.",
    anchors: &[isvs("3.3"), en303645("5.6-7"), cra("I.1(2)(k)"), iso("A.8.9")],
    risks: &[Risk::CorporateData],
    room: Room::Node,
    judge: sandboxed,
};

/// It leaves nothing of its memory behind.
pub(super) const NO_CORE: Check = Check {
    id: "node-no-core-dumps",
    item: Item::Cloud,
    severity: Severity::Low,
    claim: "The node leaves no core dump, in which its keys would lie.",
    how: "Asks the kernel how large a core dump of the node's process may be.",
    remedy: "Set LimitCORE=0 in the unit, as the shipped one does, or `ulimit -c 0` before it is started by hand.",
    anchors: &[isvs("2.3"), en303645("5.4-1"), cra("I.1(2)(e)"), iso("A.8.12")],
    risks: &[Risk::CustomerData],
    room: Room::Node,
    judge: no_core,
};

fn of_process(scene: &Scene, judge: impl FnOnce(&Process) -> Verdict) -> Verdict {
    scene.node.judge(|node| node.process.judge(judge))
}

fn not_root(scene: &Scene) -> Verdict {
    of_process(scene, |process| {
        Verdict::claim(process.user != 0, format!("it runs as user {}", process.user), || {
            Fault::new("the node's process", "runs as root")
        })
    })
}

fn sandboxed(scene: &Scene) -> Verdict {
    of_process(scene, |process| {
        let missing = [
            (!process.no_new_privileges, "may gain privileges"),
            (!process.filtered, "may make every system call"),
            (process.capabilities & !BIND != 0, "holds capabilities that it does not need"),
        ];
        let faults = missing.into_iter().filter(|(is, _)| *is);
        let faults = faults.map(|(_, what)| {
            Fault::new(
                format!("the node's process {what}"),
                "it runs outside a sandbox, or in a weak one",
            )
        });
        Verdict::of(
            faults,
            "it can gain no privileges, its system calls are filtered, and it holds no capability that it does not need",
        )
    })
}

fn no_core(scene: &Scene) -> Verdict {
    of_process(scene, |process| match process.dumps {
        None => Verdict::untried(
            "the kernel tells the limits of a process to its user and to root alone: run this as one of these",
        ),
        Some(dumps) => Verdict::claim(!dumps, "it may leave none", || {
            Fault::new("the node's process", "may leave a core dump")
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_text_of_a_kernel_is_too_strange(status in "(\\PC|\n|\t){0,200}", limits in "(\\PC|\n){0,100}") {
            let _ = parse(&status, Some(&limits));
        }
    }
}
