//! Item 1, the operating system: sockets, kernel, file systems, accounts.

use crate::check::Check;
use crate::look::Look;
use crate::machine::Machine;
use crate::profile::Profile;
use serde::Serialize;
use std::path::Path;

pub mod account;
mod claim;
pub mod defence;
pub mod kernel;
pub mod mount;
pub mod outside;
pub mod remote_login;
pub mod socket;
pub mod table;

/// What was seen.
#[derive(Clone, Debug, Default, Serialize)]
pub struct System {
    /// Sockets, seen from inside.
    pub sockets: Look<socket::Sockets>,
    /// Ports, seen from outside.
    pub outside: Look<outside::Outside>,
    /// The kernel.
    pub kernel: Look<kernel::Kernel>,
    /// File systems.
    pub mounts: Look<mount::Mounts>,
    /// Accounts.
    pub accounts: Look<account::Accounts>,
    /// What stands guard beside.
    pub defences: Look<defence::Defences>,
    /// How the machine is logged in to from elsewhere.
    pub remote_login: Look<remote_login::RemoteLogin>,
}

/// What it claims.
pub const CHECKS: &[&Check] = &[
    &claim::profile::CONFIRMED,
    &claim::port::DECLARED,
    &claim::port::PROGRAMS,
    &claim::port::LOOPBACK,
    &claim::port::USED,
    &claim::port::OUTSIDE,
    &claim::port::DATAGRAMS,
    &claim::port::UNIX,
    &claim::port::RAW,
    &claim::protocol::SPOKEN,
    &claim::protocol::AT_HAND,
    &claim::network::REDIRECTS,
    &claim::network::SPOOFING,
    &claim::network::FORWARDING,
    &claim::kernel::ADDRESSES,
    &claim::kernel::POINTERS,
    &claim::kernel::TRACING,
    &claim::kernel::BPF,
    &claim::kernel::LINKS,
    &claim::kernel::CORES,
    &claim::kernel::REPLACED,
    &claim::module::LOADING,
    &claim::module::TAINTED,
    &claim::module::SECURE_BOOT,
    &claim::mount::TEMPORARY_MOUNTS,
    &claim::mount::OTHERS,
    &claim::mount::ENCRYPTED,
    &claim::mount::PROCESSES,
    &claim::mount::SEPARATE,
    &claim::module::FILE_SYSTEMS,
    &claim::module::PLUGS,
    &claim::defence::PACKET_FILTER,
    &claim::defence::MANDATORY_ACCESS,
    &claim::defence::CLOCK,
    &claim::defence::LOG,
    &claim::account::EMPTY,
    &claim::account::ONE_ROOT,
    &claim::account::LOGINS,
    &claim::account::METHODS,
    &claim::account::FILES,
    &claim::account::HOMES,
    &claim::account::SUDO,
    &claim::remote_login::ROOT,
    &claim::remote_login::PASSWORDS,
    &claim::remote_login::ALGORITHMS,
];

/// Looks at the machine whose files are under this root. Reads alone; of a machine that this program runs on, connects to
/// its ports.
#[must_use]
pub fn look(root: &Path, profile: &Profile) -> Look<System> {
    let machine = Machine::at(root);
    if let Err(error) = machine.list("") {
        return Look::unseen(format!("{} cannot be read: {error}", root.display()));
    }
    let found = System {
        sockets: seen(
            &[
                "/proc/*/net/{tcp,udp,udplite,raw,icmp,unix,packet}",
                "/proc/*/{exe,fd,ns/net,status}",
                "/run/netns",
            ],
            socket::look(&machine, &profile.ports),
        ),
        outside: seen(
            &["a TCP connection to every port of every own address"],
            outside::look(&machine),
        ),
        kernel: seen(
            &[
                "/proc/sys",
                "/proc/net/protocols",
                "/proc/modules",
                "modprobe.d",
                "/sys/class/net/*/flags",
            ],
            kernel::look(&machine),
        ),
        mounts: seen(
            &["/proc/1/mountinfo", "/proc/swaps", "/sys/dev/block"],
            mount::look(&machine),
        ),
        accounts: seen(&["/etc/passwd", "/etc/shadow", "/etc/sudoers"], account::look(&machine)),
        defences: seen(
            &["/etc/systemd/system/*.wants", "/sys/kernel/security/lsm", "/var/log/journal"],
            defence::look(&machine),
        ),
        remote_login: seen(&["/etc/ssh/sshd_config"], remote_login::look(&machine)),
    };
    Look::seen(["what follows, part by part"], found)
}

fn seen<T>(ran: &[&str], found: Result<T, String>) -> Look<T> {
    match found {
        Ok(found) => Look::seen(ran.iter().copied(), found),
        Err(why) => Look::unseen(why),
    }
}
