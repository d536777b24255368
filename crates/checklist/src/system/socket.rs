//! Every socket that takes what others send: TCP, UDP, Unix, raw, in every network namespace, with its programs.
//!
//! Sockets of the virtual machine's host (vsock) and Bluetooth are in no table that can be read without opening such a
//! socket: they are seen as protocols of the kernel alone ([`Kernel`](crate::system::kernel::Kernel)).

use crate::machine::Machine;
use crate::machine::process::{Process, Processes, processes};
use crate::profile::Port;
use crate::system::table::{self, Entry, Named};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;

/// The ports that the kernel gives to who asks for none, where it does not say.
const CHOSEN: (u16, u16) = (32_768, 60_999);
/// Everybody may write: on Linux, everybody may connect.
const OTHERS_WRITE: u32 = 0o002;

/// What was seen of sockets.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Sockets {
    /// Those that listen, or take datagrams.
    pub open: Vec<Socket>,
    /// Why some may be missing, or have no program: whoever looked was not allowed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<String>,
    /// Network namespaces with a name that no program is in, so that none can listen there.
    pub empty_networks: Vec<String>,
}

/// A socket that takes what others send.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Socket {
    /// What it speaks.
    pub protocol: Protocol,
    /// The port; none where it has none, and where the system chose it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Of a Unix socket. What is a number of the moment in it is `*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What may reach it.
    pub reach: Reach,
    /// The namespace that it is in; none is that of the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// The programs that hold it; none where that may not be seen.
    pub programs: Vec<String>,
}

/// What a socket speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// Over IPv4 or IPv6.
    Tcp,
    /// Over IPv4 or IPv6, UDP-Lite too.
    Udp,
    /// A socket of this machine, by a path or a name.
    Unix,
    /// Packets of a protocol, past UDP and TCP.
    Raw,
    /// Whole frames, of all programs.
    Packet,
}

impl Protocol {
    /// As a profile has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Unix => "unix",
            Self::Raw => "raw",
            Self::Packet => "packet",
        }
    }
}

/// What may reach a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// Programs of some users of this machine.
    Some,
    /// Every program of this machine.
    Machine,
    /// Whatever is on a network.
    Network,
}

impl Socket {
    /// Its name in findings: the same from run to run.
    #[must_use]
    pub fn subject(&self) -> String {
        let protocol = self.protocol.name();
        let mut subject = match (&self.path, self.port) {
            (Some(path), _) => format!("{protocol} {path}"),
            (None, Some(port)) => format!("{protocol}/{port}"),
            (None, None) => format!("{protocol} of {}", self.held_by()),
        };
        if let Some(network) = &self.network {
            subject.push_str(&format!(" in the network of {network}"));
        }
        subject
    }

    /// Its programs, for a sentence.
    #[must_use]
    pub fn held_by(&self) -> String {
        if self.programs.is_empty() {
            "a program that may not be seen".into()
        } else {
            self.programs.join(" and ")
        }
    }
}

/// Looks at the sockets of a machine. A port that the system chose for who asked for none is only named where the profile
/// declares it: else it is another one next time.
///
/// # Errors
/// There is no `/proc` with programs in it, in words.
pub fn look(machine: &Machine, declared: &[Port]) -> Result<Sockets, String> {
    let processes = processes(machine)?;
    let holders = holders(&processes);
    let chosen = Chosen::of(machine, declared);
    let mut open = BTreeSet::new();
    let networks = networks(machine, &processes);
    for network in &networks {
        let ours = &processes.own_sockets;
        let seen = Network { machine, network, holders: &holders, chosen: &chosen, ours };
        open.extend(seen.sockets());
    }
    Ok(Sockets {
        open: merged(open),
        hidden: processes.hidden.clone(),
        empty_networks: empty_networks(machine, &networks),
    })
}

/// One line for sockets that differ in their programs alone.
fn merged(open: BTreeSet<Socket>) -> Vec<Socket> {
    let mut by_name: BTreeMap<Socket, BTreeSet<String>> = BTreeMap::new();
    for mut socket in open {
        let programs = std::mem::take(&mut socket.programs);
        by_name.entry(socket).or_default().extend(programs);
    }
    by_name
        .into_iter()
        .map(|(socket, programs)| Socket { programs: programs.into_iter().collect(), ..socket })
        .collect()
}

/// Programs by the sockets that they have open.
fn holders(processes: &Processes) -> BTreeMap<u64, Vec<&Process>> {
    let mut holders: BTreeMap<u64, Vec<&Process>> = BTreeMap::new();
    for process in &processes.all {
        for inode in process.sockets.iter().flatten() {
            holders.entry(*inode).or_default().push(process);
        }
    }
    holders
}

/// A network namespace, and a process by which its tables can be read.
struct Namespace {
    id: Option<String>,
    /// None is the machine's own.
    name: Option<String>,
    through: String,
}

/// All namespaces that a program is in. The machine's own is that of the first process.
fn networks(machine: &Machine, processes: &Processes) -> Vec<Namespace> {
    let own = machine.link("proc/1/ns/net").or_else(|_| machine.link("proc/self/ns/net")).ok();
    let mut found = vec![Namespace { id: own.clone(), name: None, through: "proc/net".into() }];
    if let Some(first) =
        processes.all.iter().find(|one| one.network.is_some() && one.network == own)
    {
        found = vec![Namespace { id: own, name: None, through: format!("proc/{}/net", first.id) }];
    }
    for process in &processes.all {
        let Some(id) = &process.network else { continue };
        if found.iter().any(|known| known.id.as_ref() == Some(id)) {
            continue;
        }
        let members = processes.all.iter().filter(|other| other.network.as_ref() == Some(id));
        let name = members.filter_map(|member| member.program.clone()).min();
        found.push(Namespace {
            id: Some(id.clone()),
            name: Some(name.unwrap_or_else(|| "a program that may not be seen".into())),
            through: format!("proc/{}/net", process.id),
        });
    }
    found
}

/// Namespaces in `/run/netns` that no program is in.
fn empty_networks(machine: &Machine, seen: &[Namespace]) -> Vec<String> {
    let is_seen = |name: &String| {
        let Ok(about) = machine.about(&format!("run/netns/{name}")) else { return false };
        let id = format!("net:[{}]", about.ino());
        seen.iter().any(|namespace| namespace.id.as_ref() == Some(&id))
    };
    machine.names_in("run/netns").into_iter().filter(|name| !is_seen(name)).collect()
}

/// Which ports the system gives to who asks for none.
struct Chosen<'a> {
    range: (u16, u16),
    declared: &'a [Port],
}

impl<'a> Chosen<'a> {
    fn of(machine: &Machine, declared: &'a [Port]) -> Self {
        let said = machine.line("proc/sys/net/ipv4/ip_local_port_range");
        let mut bounds = said.iter().flat_map(|said| said.split_whitespace()).map(str::parse);
        let range = match (bounds.next(), bounds.next()) {
            (Some(Ok(first)), Some(Ok(last))) => (first, last),
            _ => CHOSEN,
        };
        Self { range, declared }
    }

    fn named(&self, protocol: Protocol, port: u16) -> Option<u16> {
        let is_declared = |one: &Port| one.port == Some(port) && one.protocol == protocol.name();
        let chosen = (self.range.0..=self.range.1).contains(&port);
        (!chosen || self.declared.iter().any(is_declared)).then_some(port)
    }
}

/// One namespace, looked at.
struct Network<'a> {
    machine: &'a Machine,
    network: &'a Namespace,
    holders: &'a BTreeMap<u64, Vec<&'a Process>>,
    chosen: &'a Chosen<'a>,
    ours: &'a BTreeSet<u64>,
}

/// Reads the sockets of a table.
type Reader = fn(&str) -> Vec<Entry>;

/// The tables of the internet protocols.
const TABLES: [(&str, Protocol, Reader); 9] = [
    ("tcp", Protocol::Tcp, table::listening),
    ("tcp6", Protocol::Tcp, table::listening),
    ("udp", Protocol::Udp, table::unconnected),
    ("udp6", Protocol::Udp, table::unconnected),
    ("udplite", Protocol::Udp, table::unconnected),
    ("udplite6", Protocol::Udp, table::unconnected),
    ("raw", Protocol::Raw, table::unconnected),
    ("raw6", Protocol::Raw, table::unconnected),
    ("icmp", Protocol::Raw, table::unconnected),
];

impl Network<'_> {
    fn sockets(&self) -> Vec<Socket> {
        let mut found = Vec::new();
        for (file, protocol, read) in TABLES {
            let entries = read(&self.table(file)).into_iter();
            let theirs = entries.filter(|one| !self.ours.contains(&one.inode));
            found.extend(theirs.map(|one| self.internet(protocol, &one)));
        }
        let named = table::named(&self.table("unix")).into_iter();
        let theirs = named.filter(|one| !self.ours.contains(&one.inode));
        found.extend(theirs.map(|one| self.unix(&one)));
        let packets = table::packets(&self.table("packet")).into_iter();
        found.extend(packets.map(|inode| self.socket(Protocol::Packet, inode)));
        found
    }

    fn table(&self, file: &str) -> String {
        self.machine.text(&format!("{}/{file}", self.network.through)).unwrap_or_default()
    }

    fn internet(&self, protocol: Protocol, entry: &Entry) -> Socket {
        let reach = if entry.address.is_loopback() { Reach::Machine } else { Reach::Network };
        let port = self.chosen.named(protocol, entry.port);
        Socket { port, reach, ..self.socket(protocol, entry.inode) }
    }

    fn unix(&self, named: &Named) -> Socket {
        let mode = self.machine.about(&named.path).map(|about| about.mode());
        let everybody =
            named.path.starts_with('@') || mode.is_ok_and(|mode| mode & OTHERS_WRITE != 0);
        let reach = if everybody { Reach::Machine } else { Reach::Some };
        let numbers: Vec<u32> = self.of(named.inode).iter().map(|process| process.id).collect();
        let path = Some(lasting(&named.path, &numbers));
        Socket { path, reach, ..self.socket(Protocol::Unix, named.inode) }
    }

    fn of(&self, inode: u64) -> &[&Process] {
        self.holders.get(&inode).map_or(&[], Vec::as_slice)
    }

    fn socket(&self, protocol: Protocol, inode: u64) -> Socket {
        let programs: BTreeSet<String> =
            self.of(inode).iter().filter_map(|process| process.program.clone()).collect();
        Socket {
            protocol,
            port: None,
            path: None,
            reach: Reach::Network,
            network: self.network.name.clone(),
            programs: programs.into_iter().collect(),
        }
    }
}

/// A name of a socket with what is of the moment in it replaced by `*`: process ids, random names.
fn lasting(path: &str, numbers: &[u32]) -> String {
    let of_the_moment = |word: &str| {
        word.parse().is_ok_and(|number: u32| numbers.contains(&number))
            || (word.len() >= 5 && word.bytes().all(|byte| byte.is_ascii_digit()))
            || (word.len() >= 6 && is_random(word))
    };
    let mut lasting = String::new();
    for piece in path.split_inclusive(|c: char| !c.is_alphanumeric()) {
        let end = piece.trim_end_matches(|c: char| !c.is_alphanumeric());
        let mark = piece.get(end.len()..).unwrap_or_default();
        lasting.push_str(if of_the_moment(end) { "*" } else { end });
        lasting.push_str(mark);
    }
    lasting
}

/// Looks like a name that a program made up: capitals after small letters, or many digits among letters.
fn is_random(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let letters = word.len() - digits;
    let temporary = word.strip_prefix("tmp").is_some_and(|rest| rest.len() == 6);
    let capital_inside = word.bytes().skip(1).any(|byte| byte.is_ascii_uppercase());
    let small = word.bytes().any(|byte| byte.is_ascii_lowercase());
    temporary
        || (digits >= 2 && letters >= 1 && word.len() >= 8)
        || (capital_inside && small && word.len() == 6)
}

#[cfg(test)]
mod tests {
    use super::lasting;

    #[test]
    fn a_name_of_the_moment_is_not_evidence() {
        assert_eq!(lasting("/tmp/.tmpVrjoG3/data/control.sock", &[]), "/tmp/.*/data/control.sock");
        assert_eq!(lasting("/tmp/ssh-aBcDeF/agent.417", &[417]), "/tmp/ssh-*/agent.*");
        assert_eq!(lasting("@/tmp/dbus-8cjz1k22ab", &[]), "@/tmp/dbus-*");
        assert_eq!(lasting("/run/systemd/notify", &[]), "/run/systemd/notify");
        assert_eq!(lasting("/run/user/1000/bus", &[]), "/run/user/1000/bus");
    }
}
