//! What the kernel was told: its settings, the protocols it speaks, the modules it holds and would still take.

use crate::machine::Machine;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;

/// Settings that are read, as paths under `/proc/sys`. None of them counts anything.
const SETTINGS: &[&str] = &[
    "dev/tty/ldisc_autoload",
    "fs/protected_fifos",
    "fs/protected_hardlinks",
    "fs/protected_regular",
    "fs/protected_symlinks",
    "fs/suid_dumpable",
    "kernel/core_pattern",
    "kernel/dmesg_restrict",
    "kernel/kexec_load_disabled",
    "kernel/kptr_restrict",
    "kernel/modules_disabled",
    "kernel/perf_event_paranoid",
    "kernel/randomize_va_space",
    "kernel/sysrq",
    "kernel/unprivileged_bpf_disabled",
    "kernel/yama/ptrace_scope",
    "net/core/bpf_jit_enable",
    "net/core/bpf_jit_harden",
    "net/ipv4/conf/all/accept_redirects",
    "net/ipv4/conf/all/accept_source_route",
    "net/ipv4/conf/all/rp_filter",
    "net/ipv4/conf/all/send_redirects",
    "net/ipv4/conf/default/accept_redirects",
    "net/ipv4/conf/default/accept_source_route",
    "net/ipv4/conf/default/rp_filter",
    "net/ipv4/conf/default/send_redirects",
    "net/ipv4/icmp_echo_ignore_broadcasts",
    "net/ipv4/icmp_ignore_bogus_error_responses",
    "net/ipv4/ip_forward",
    "net/ipv4/tcp_rfc1337",
    "net/ipv4/tcp_syncookies",
    "net/ipv6/conf/all/accept_redirects",
    "net/ipv6/conf/all/accept_source_route",
    "net/ipv6/conf/all/forwarding",
    "net/ipv6/conf/default/accept_redirects",
    "vm/mmap_min_addr",
];

/// Protocols that few products need and that many holes were found in, by the names of the kernel's table and of its
/// modules.
pub const RARE: &[(&str, &str)] = &[
    ("APPLETALK", "appletalk"),
    ("ATM", "atm"),
    ("AX25", "ax25"),
    ("CAIF", "caif_socket"),
    ("CAN", "can"),
    ("DCCP", "dccp"),
    ("IEEE-802.15.4-MAC", "ieee802154_socket"),
    ("IPX", "ipx"),
    ("KCM", "kcm"),
    ("LLC", "llc2"),
    ("NETROM", "netrom"),
    ("PHONET", "phonet"),
    ("RDS", "rds"),
    ("ROSE", "rose"),
    ("RXRPC", "rxrpc"),
    ("SCTP", "sctp"),
    ("SMC", "smc"),
    ("TIPC", "tipc"),
    ("VSOCK", "vsock"),
    ("X25", "x25"),
];

/// File systems that few products need, and whose code reads what a stranger wrote.
pub const RARE_FILE_SYSTEMS: &[&str] = &[
    "adfs", "affs", "befs", "bfs", "cramfs", "efs", "freevxfs", "hfs", "hfsplus", "hpfs", "jffs2",
    "jfs", "minix", "nilfs2", "omfs", "qnx4", "qnx6", "reiserfs", "romfs", "sysv", "udf", "ufs",
];

/// Modules by which a device that somebody plugs in reaches the disk or the memory.
pub const PLUGS: &[&str] = &["firewire_ohci", "firewire_sbp2", "thunderbolt", "usb_storage"];

/// What was seen of the kernel.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Kernel {
    /// Settings, by their path under `/proc/sys`.
    pub settings: BTreeMap<&'static str, Setting>,
    /// Protocols that programs can open sockets of.
    pub protocols: Vec<String>,
    /// Which modules it holds and would take.
    pub modules: Modules,
    /// Why its developers would not look at a crash of it: bits of `/proc/sys/kernel/tainted`, in words.
    pub taints: Vec<&'static str>,
    /// Interfaces that take every frame on their network.
    pub listening_in: Vec<String>,
    /// Secure boot: on, off, or none where the firmware of the machine has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secure_boot: Option<bool>,
}

/// What a setting is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Setting {
    /// This.
    Is(String),
    /// The kernel was built without it.
    Absent,
    /// Only root may read it.
    Hidden,
}

/// Which modules a kernel holds and would take.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Modules {
    /// It can load modules at all.
    pub loadable: bool,
    /// It was told to load no more until it is started again.
    pub disabled: bool,
    /// It takes only modules with a signature that it trusts.
    pub signed_only: bool,
    /// Those that are loaded.
    pub loaded: Vec<String>,
    /// Modules of rare protocols that any program can have loaded by opening a socket.
    pub rare_at_hand: Vec<&'static str>,
    /// Rare file systems that a mount would have loaded, or that are part of the kernel.
    pub file_systems_at_hand: Vec<&'static str>,
    /// Modules that a plug would have loaded.
    pub plugs_at_hand: Vec<&'static str>,
}

/// Looks at the kernel that runs.
///
/// # Errors
/// There is no `/proc/sys`, in words.
pub fn look(machine: &Machine) -> Result<Kernel, String> {
    if !machine.has("proc/sys/kernel") {
        return Err("no kernel runs under this root: there is no /proc/sys".into());
    }
    Ok(Kernel {
        settings: SETTINGS.iter().map(|path| (*path, setting(machine, path))).collect(),
        protocols: protocols(machine),
        modules: modules(machine),
        taints: taints(machine),
        listening_in: listening_in(machine),
        secure_boot: secure_boot(machine),
    })
}

impl Kernel {
    /// A setting's number, where it is one.
    #[must_use]
    pub fn number(&self, path: &str) -> Option<i64> {
        match self.settings.get(path)? {
            Setting::Is(value) => value.parse().ok(),
            Setting::Absent | Setting::Hidden => None,
        }
    }
}

fn setting(machine: &Machine, path: &str) -> Setting {
    match machine.text(&format!("proc/sys/{path}")) {
        Ok(text) => Setting::Is(text.trim().to_owned()),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Setting::Hidden,
        Err(_) => Setting::Absent,
    }
}

/// The names in `/proc/net/protocols`, without what marks them as the sixth version's.
fn protocols(machine: &Machine) -> Vec<String> {
    let table = machine.text("proc/net/protocols").unwrap_or_default();
    let names = table.lines().skip(1).filter_map(|line| line.split_whitespace().next());
    let plain = names.map(|name| {
        let name = name.strip_prefix("AF_").unwrap_or(name);
        name.strip_suffix("v6").unwrap_or(name).to_uppercase()
    });
    plain.collect::<BTreeSet<_>>().into_iter().collect()
}

fn modules(machine: &Machine) -> Modules {
    let table = machine.text("proc/modules");
    let mut loaded: Vec<String> = table
        .iter()
        .flat_map(|table| table.lines())
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect();
    loaded.sort();
    let lockdown = machine.line("sys/kernel/security/lockdown").unwrap_or_default();
    let enforced = machine.line("sys/module/module/parameters/sig_enforce");
    let loadable = table.is_ok() || machine.has("proc/sys/kernel/modules_disabled");
    let at_hand = if loadable { at_hand(machine) } else { BTreeSet::new() };
    let built_in = machine.text("proc/filesystems").unwrap_or_default();
    let built_in: Vec<&str> =
        built_in.lines().filter_map(|line| line.split('\t').next_back()).collect();
    let file_systems = RARE_FILE_SYSTEMS.iter().copied();
    Modules {
        loadable,
        disabled: machine.line("proc/sys/kernel/modules_disabled").as_deref() == Some("1"),
        signed_only: enforced.as_deref() == Some("Y")
            || lockdown.contains("[integrity]")
            || lockdown.contains("[confidentiality]"),
        loaded,
        rare_at_hand: of(RARE.iter().map(|(_, module)| *module), &at_hand),
        file_systems_at_hand: file_systems
            .filter(|name| at_hand.contains(*name) || built_in.contains(name))
            .collect(),
        plugs_at_hand: of(PLUGS.iter().copied(), &at_hand),
    }
}

fn of(names: impl Iterator<Item = &'static str>, at_hand: &BTreeSet<String>) -> Vec<&'static str> {
    names.filter(|name| at_hand.contains(*name)).collect()
}

/// Modules that lie on the disk and that no line of modprobe's bars.
fn at_hand(machine: &Machine) -> BTreeSet<String> {
    let Some(release) = machine.line("proc/sys/kernel/osrelease") else { return BTreeSet::new() };
    let index = machine.text(&format!("lib/modules/{release}/modules.dep")).unwrap_or_default();
    let barred = barred(machine);
    index
        .lines()
        .filter_map(|line| line.split(':').next()?.rsplit('/').next()?.split('.').next())
        .map(|name| name.replace('-', "_"))
        .filter(|name| !barred.contains(name))
        .collect()
}

/// Modules that modprobe runs a program for that does nothing, or that are not loaded by what they are for.
fn barred(machine: &Machine) -> BTreeSet<String> {
    let mut barred = BTreeSet::new();
    for folder in ["etc/modprobe.d", "run/modprobe.d", "usr/lib/modprobe.d", "lib/modprobe.d"] {
        for name in machine.names_in(folder).iter().filter(|name| name.ends_with(".conf")) {
            let text = machine.text(&format!("{folder}/{name}")).unwrap_or_default();
            for line in text.lines() {
                let words: Vec<&str> = line.split_whitespace().collect();
                match words.as_slice() {
                    [
                        "install",
                        module,
                        "/bin/true" | "/bin/false" | "/usr/bin/true" | "/usr/bin/false",
                        ..,
                    ]
                    | ["blacklist", module, ..] => drop(barred.insert(module.replace('-', "_"))),
                    _ => {}
                }
            }
        }
    }
    barred
}

/// Bits that say that code runs in the kernel which its makers did not see.
const TAINTS: &[(u32, &str)] = &[
    (0, "a proprietary module was loaded"),
    (1, "a module was loaded by force"),
    (3, "a module was unloaded by force"),
    (12, "a module that is not part of the kernel was loaded"),
    (13, "a module without a valid signature was loaded"),
    (15, "it was patched while it ran"),
];

fn taints(machine: &Machine) -> Vec<&'static str> {
    let bits: u64 =
        machine.line("proc/sys/kernel/tainted").and_then(|line| line.parse().ok()).unwrap_or(0);
    TAINTS.iter().filter(|(bit, _)| bits >> bit & 1 == 1).map(|(_, why)| *why).collect()
}

/// Interfaces with the flag `IFF_PROMISC`.
fn listening_in(machine: &Machine) -> Vec<String> {
    let is_set = |name: &String| {
        let flags = machine.line(&format!("sys/class/net/{name}/flags")).unwrap_or_default();
        u32::from_str_radix(flags.trim_start_matches("0x"), 16).is_ok_and(|bits| bits & 0x100 != 0)
    };
    machine.names_in("sys/class/net").into_iter().filter(is_set).collect()
}

/// The firmware's variable: four bytes of attributes, then one that is 1 where it is on.
fn secure_boot(machine: &Machine) -> Option<bool> {
    let folder = "sys/firmware/efi/efivars";
    let name = machine.names_in(folder).into_iter().find(|name| name.starts_with("SecureBoot-"))?;
    Some(machine.text(&format!("{folder}/{name}")).ok()?.as_bytes().last() == Some(&1))
}
