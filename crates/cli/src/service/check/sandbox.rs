//! The sandbox: whether the unit's settings in effect are those that were shipped, and whether the process that runs
//! is in one at all.

use super::finding::Finding;
use super::host::{Host, Node};
use super::process::Process;
use super::unit::Unit;

/// The unit as shipped, and what its documented drop-in for ports below 1024 changes.
const SHIPPED: &str = include_str!("../../../../../packaging/systemd/pintle.service");
const LOW_PORTS: &str = include_str!("../../../../../packaging/systemd/low-ports.conf");

/// Settings that `systemctl show` gives back as they are written; the kernel is asked of the others' effect.
const COMPARED: &[&str] = &[
    "CapabilityBoundingSet",
    "DevicePolicy",
    "KeyringMode",
    "LimitCORE",
    "LockPersonality",
    "MemoryDenyWriteExecute",
    "NoNewPrivileges",
    "PrivateDevices",
    "PrivateMounts",
    "PrivateTmp",
    "PrivateUsers",
    "ProcSubset",
    "ProtectClock",
    "ProtectControlGroups",
    "ProtectHome",
    "ProtectHostname",
    "ProtectKernelLogs",
    "ProtectKernelModules",
    "ProtectKernelTunables",
    "ProtectProc",
    "ProtectSystem",
    "RemoveIPC",
    "RestrictRealtime",
    "RestrictSUIDSGID",
    "SystemCallArchitectures",
    "UMask",
    "User",
];

/// The capability to bind ports below 1024, as the kernel's mask.
const BIND: u64 = 1 << 10;

/// The unit's settings and the process.
pub fn look(host: &Host) -> [Finding; 2] {
    [settings(host.unit.as_ref()), in_effect(host)]
}

fn settings(unit: Option<&Unit>) -> Finding {
    let name = "sandbox settings";
    let Some(unit) = unit.filter(|unit| unit.is_loaded()) else {
        return Finding::not_tried(name, "systemd does not run here, or has no unit of Pintle");
    };
    let differing: Vec<String> = COMPARED.iter().filter_map(|key| differs(unit, key)).collect();
    match differing.as_slice() {
        [] => Finding::ok(name, format!("{} settings as shipped", COMPARED.len())),
        some => Finding::warn(
            name,
            format!(
                "not as shipped: {}; `systemctl cat pintle` shows where that is set",
                some.join(", ")
            ),
        ),
    }
}

fn differs(unit: &Unit, key: &str) -> Option<String> {
    let (is, shipped) = (unit.get(key), written(SHIPPED, key)?);
    let allowed = [Some(shipped), written(LOW_PORTS, key)];
    let same = |allowed: &str| is.eq_ignore_ascii_case(allowed);
    (!allowed.into_iter().flatten().any(same)).then(|| format!("{key}={is} (shipped: {shipped:?})"))
}

/// The last value that a unit's file gives a setting.
fn written<'a>(file: &'a str, key: &str) -> Option<&'a str> {
    file.lines().rev().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).map(str::trim)
}

fn in_effect(host: &Host) -> Finding {
    let name = "sandbox in effect";
    match (host.process(), &host.node) {
        (Some(process), _) => judge(name, process),
        (None, Node::None) => Finding::not_tried(name, "no node runs"),
        (None, _) => Finding::not_tried(name, "the node's process cannot be seen from here"),
    }
}

fn judge(name: &'static str, process: &Process) -> Finding {
    let missing: Vec<&str> = [
        (!process.no_new_privileges, "it may gain privileges"),
        (!process.filtered, "its system calls are not filtered"),
        (process.capabilities & !BIND != 0, "it holds capabilities"),
    ]
    .into_iter()
    .filter_map(|(is, what)| is.then_some(what))
    .collect();
    match missing.as_slice() {
        [] => Finding::ok(
            name,
            "no privileges to gain, system calls filtered, no capabilities beyond low ports",
        ),
        some => Finding::warn(
            name,
            format!(
                "the node runs outside one: {}; start it with systemctl start pintle",
                some.join(", ")
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    fn unit(change: (&str, &str)) -> Unit {
        let mut text = String::from("LoadState=loaded\n");
        for key in COMPARED {
            let value = if *key == change.0 { change.1 } else { written(SHIPPED, key).unwrap() };
            text += &format!("{key}={value}\n");
        }
        Unit::parse(&text)
    }

    #[test]
    fn every_setting_that_is_compared_is_shipped() {
        assert!(COMPARED.iter().all(|key| written(SHIPPED, key).is_some()));
        assert_eq!(settings(Some(&unit(("", "")))).state, State::Ok);
    }

    #[test]
    fn a_weaker_setting_is_named() {
        let finding = settings(Some(&unit(("ProtectSystem", "no"))));
        assert_eq!(finding.state, State::Warn);
        assert!(finding.what.contains("ProtectSystem=no"), "{finding}");
    }

    #[test]
    fn the_drop_in_for_low_ports_is_no_weakness() {
        let finding = settings(Some(&unit(("CapabilityBoundingSet", "cap_net_bind_service"))));
        assert_eq!(finding.state, State::Ok, "{finding}");
    }

    #[test]
    fn a_process_outside_a_sandbox_is_warned_of() {
        let bare = Process { capabilities: 1 << 21, ..Process::default() };
        assert_eq!(judge("x", &bare).state, State::Warn);
        let boxed = Process {
            no_new_privileges: true,
            filtered: true,
            capabilities: BIND,
            ..Process::default()
        };
        assert_eq!(judge("x", &boxed).state, State::Ok);
    }
}
