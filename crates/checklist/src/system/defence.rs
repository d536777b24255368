//! What stands guard beside the kernel's own settings: a packet filter, mandatory access control, a clock that is kept, a
//! log that outlives a restart.

use crate::machine::Machine;
use crate::machine::unit::{enabled, scripts};
use serde::Serialize;

/// What was seen of defences, by the names of what provides them.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Defences {
    /// Packet filters that are started with the machine.
    pub packet_filters: Vec<String>,
    /// Mandatory access control of the kernel that runs, where it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mandatory_access: Option<Vec<String>>,
    /// What keeps the clock.
    pub clocks: Vec<String>,
    /// What keeps the log across a restart.
    pub logs: Vec<String>,
}

const PACKET_FILTERS: &[&str] =
    &["ferm", "firewalld", "iptables", "netfilter-persistent", "nftables", "shorewall", "ufw"];
const CLOCKS: &[&str] = &[
    "chrony",
    "chronyd",
    "ntp",
    "ntpd",
    "ntpsec",
    "openntpd",
    "ptp4l",
    "systemd-timesyncd",
    "dbus-org.freedesktop.timesync1",
];
const LOGS: &[&str] = &["busybox-syslogd", "rsyslog", "syslog", "syslog-ng"];
const MANDATORY: &[&str] = &["apparmor", "selinux", "smack", "tomoyo"];

/// Looks at defences.
///
/// # Errors
/// Nothing starts anything here, in words.
pub fn look(machine: &Machine) -> Result<Defences, String> {
    let started: Vec<String> =
        enabled(machine, "service").into_iter().chain(scripts(machine)).collect();
    if started.is_empty() && !machine.has("etc/systemd/system") {
        return Err("neither systemd nor scripts start anything under this root: look at the machine around it".into());
    }
    let of = |names: &[&str]| -> Vec<String> {
        let plain = started.iter().map(|name| name.strip_suffix(".service").unwrap_or(name));
        plain.filter(|name| names.contains(name)).map(str::to_owned).collect()
    };
    let mut logs = of(LOGS);
    if machine.has("var/log/journal") {
        logs.push("systemd-journald".into());
    }
    Ok(Defences {
        packet_filters: of(PACKET_FILTERS),
        mandatory_access: mandatory_access(machine),
        clocks: of(CLOCKS),
        logs,
    })
}

/// Of the kernel's own list, or of what its parts say of themselves; none where no kernel runs under this root.
fn mandatory_access(machine: &Machine) -> Option<Vec<String>> {
    if let Some(list) = machine.line("sys/kernel/security/lsm") {
        return Some(
            list.split(',').filter(|name| MANDATORY.contains(name)).map(str::to_owned).collect(),
        );
    }
    if !machine.has("sys/kernel") {
        return None;
    }
    let apparmor = machine.line("sys/module/apparmor/parameters/enabled").as_deref() == Some("Y");
    let selinux = machine.has("sys/fs/selinux/enforce");
    let found = [("apparmor", apparmor), ("selinux", selinux)];
    Some(found.into_iter().filter(|(_, is)| *is).map(|(name, _)| name.to_owned()).collect())
}
