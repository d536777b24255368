//! Limits of the system: open files, core dumps, the receive buffer of a UDP socket.

use super::finding::Finding;
use super::host::{Host, Node};
use super::process::Process;
use std::fs;

/// Each connection of the API is a file; this many is what the API takes and the rest of the node needs.
const FILES: u64 = 20_000;

/// What the door asks for its socket, in bytes: a second of a storm at full rate.
const UDP_BUFFER: u64 = 4 << 20;

pub fn look(host: &Host) -> [Finding; 3] {
    let of_process = |name, judge: fn(&Process) -> Finding| match (host.process(), &host.node) {
        (Some(process), _) => judge(process),
        (None, Node::None) => Finding::not_tried(name, "no node runs; the shipped unit sets it"),
        (None, _) => Finding::not_tried(name, "the node's process cannot be seen from here"),
    };
    [
        of_process("open files", files),
        of_process("core dumps", core_dumps),
        udp_buffer(fs::read_to_string("/proc/sys/net/core/rmem_max").ok().as_deref()),
    ]
}

fn files(process: &Process) -> Finding {
    let name = "open files";
    match process.files {
        None => Finding::not_tried(name, "the kernel does not tell the node's limits"),
        Some(most) if most < FILES => Finding::warn(
            name,
            format!(
                "{most} at most, below {FILES}: LimitNOFILE=524288 in the unit, or ulimit -n before a start by hand"
            ),
        ),
        Some(most) => Finding::ok(name, format!("{most} at most")),
    }
}

fn core_dumps(process: &Process) -> Finding {
    let name = "core dumps";
    match process.core {
        None => Finding::not_tried(name, "the kernel does not tell the node's limits"),
        Some(0) => Finding::ok(name, "off"),
        Some(_) => Finding::warn(
            name,
            "on, so a crash would write the keys in memory to a file: LimitCORE=0 in the unit, or ulimit -c 0",
        ),
    }
}

fn udp_buffer(setting: Option<&str>) -> Finding {
    let name = "UDP buffer";
    match setting.and_then(|text| text.trim().parse::<u64>().ok()) {
        None => Finding::not_tried(name, "the kernel does not tell net.core.rmem_max"),
        Some(most) if most < UDP_BUFFER => Finding::warn(
            name,
            format!(
                "net.core.rmem_max is {most}, so a burst of datagrams may be lost: echo net.core.rmem_max={UDP_BUFFER} \
                 > /etc/sysctl.d/60-pintle.conf && sysctl --system, then restart the node"
            ),
        ),
        Some(most) => Finding::ok(name, format!("net.core.rmem_max is {most}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    #[test]
    fn a_small_udp_buffer_is_warned_of_with_the_line_that_mends_it() {
        let small = udp_buffer(Some("212992\n"));
        assert_eq!(small.state, State::Warn);
        assert!(small.what.contains("net.core.rmem_max=4194304"), "{small}");
        assert_eq!(udp_buffer(Some("4194304\n")).state, State::Ok);
        assert_eq!(udp_buffer(None).state, State::NotTried);
    }

    #[test]
    fn limits_that_the_kernel_hides_do_not_pass() {
        assert_eq!(files(&Process::default()).state, State::NotTried);
        assert_eq!(core_dumps(&Process::default()).state, State::NotTried);
        let process = Process { files: Some(1_024), core: Some(u64::MAX), ..Process::default() };
        assert_eq!([files(&process).state, core_dumps(&process).state], [State::Warn; 2]);
    }
}
