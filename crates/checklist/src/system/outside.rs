//! A probe from outside: connects to every TCP port of the machine's own addresses, as a neighbour on its network would,
//! and holds what answers against what the kernel's tables say. A table that hides a port was tampered with.
//!
//! A connection is closed as soon as it is open, and nothing is sent. What a packet filter does to others is not seen:
//! packets to an address of one's own do not leave the machine. UDP has no answer that could be waited for.

use crate::machine::Machine;
use crate::system::table::listening;
use serde::Serialize;
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

/// How long an address of this machine may take to answer. It answers at once, or a filter drops what comes.
const PATIENCE: Duration = Duration::from_millis(200);
/// A filter that drops everything is asked no more than this often.
const MOST_SILENT: usize = 20;
/// How often what does not agree is looked at again: programs come and go while a probe is under way.
const LOOKS: usize = 3;

/// What answered.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Outside {
    /// How many addresses were asked, all ports of each.
    pub addresses: usize,
    /// Ports that answered though no table has them.
    pub hidden: Vec<u16>,
    /// Ports that should answer by the tables and do not.
    pub silent: Vec<u16>,
}

/// Connects to all ports of all addresses that the machine has on networks.
///
/// # Errors
/// It has none, or it is not the machine that this program runs on, in words.
pub fn look(machine: &Machine) -> Result<Outside, String> {
    if !machine.is_this_one() {
        return Err("the target is not the machine that this runs on: run where it runs".into());
    }
    let addresses = addresses(machine);
    if addresses.is_empty() {
        return Err("the machine has no address on a network: run it where it is connected".into());
    }
    probe(machine, &addresses, 1..=u16::MAX)
}

/// Connects to these ports of these addresses.
///
/// # Errors
/// Nothing answers at all, not even by a refusal, in words.
pub fn probe(
    machine: &Machine,
    addresses: &[IpAddr],
    ports: impl Iterator<Item = u16> + Clone,
) -> Result<Outside, String> {
    let mut found = Outside { addresses: addresses.len(), ..Outside::default() };
    for address in addresses {
        let outside = answering(*address, ports.clone())?;
        let inside = inside(machine, *address);
        let asked: BTreeSet<u16> = ports.clone().collect();
        let differ = |port: &u16| outside.contains(port) != inside.contains(port);
        for port in asked.iter().filter(|port| differ(port)) {
            match lasting(machine, SocketAddr::new(*address, *port)) {
                Some(Differ::Hidden) => found.hidden.push(*port),
                Some(Differ::Silent) => found.silent.push(*port),
                None => {}
            }
        }
    }
    for ports in [&mut found.hidden, &mut found.silent] {
        ports.sort_unstable();
        ports.dedup();
    }
    Ok(found)
}

/// How inside and outside differ.
enum Differ {
    Hidden,
    Silent,
}

/// How they still differ after some more looks.
fn lasting(machine: &Machine, at: SocketAddr) -> Option<Differ> {
    for _ in 1..LOOKS {
        let before = inside(machine, at.ip()).contains(&at.port());
        let answers = matches!(answer(at), Answer::Open);
        let after = inside(machine, at.ip()).contains(&at.port());
        if answers == before || answers == after {
            return None;
        }
    }
    let open = matches!(answer(at), Answer::Open);
    Some(if open { Differ::Hidden } else { Differ::Silent })
}

fn answering(address: IpAddr, ports: impl Iterator<Item = u16>) -> Result<BTreeSet<u16>, String> {
    let mut open = BTreeSet::new();
    let mut silent = 0;
    for port in ports {
        match answer(SocketAddr::new(address, port)) {
            Answer::Open => drop(open.insert(port)),
            Answer::Closed => {}
            Answer::Silent => silent += 1,
        }
        if silent > MOST_SILENT {
            return Err(format!(
                "connections to an address of this machine are dropped without a word after \
                 port {port}: let a packet filter refuse what comes from the machine itself"
            ));
        }
    }
    Ok(open)
}

enum Answer {
    Open,
    Closed,
    Silent,
}

fn answer(at: SocketAddr) -> Answer {
    match TcpStream::connect_timeout(&at, PATIENCE) {
        // A connection may meet itself, where the port that the system chose for it is the one that it goes to.
        Ok(stream) if stream.local_addr().is_ok_and(|own| own == at) => Answer::Closed,
        Ok(_) => Answer::Open,
        Err(error) if error.kind() == std::io::ErrorKind::TimedOut => Answer::Silent,
        Err(_) => Answer::Closed,
    }
}

/// The ports that listen at an address by the kernel's tables.
fn inside(machine: &Machine, address: IpAddr) -> BTreeSet<u16> {
    let tables =
        ["proc/net/tcp", "proc/net/tcp6"].map(|path| machine.text(path).unwrap_or_default());
    let entries = tables.iter().flat_map(|table| listening(table));
    entries
        .filter(|entry| entry.address == address || entry.address.is_unspecified())
        .map(|entry| entry.port)
        .collect()
}

/// Addresses of the machine that are not loopback, nor valid on one link alone.
fn addresses(machine: &Machine) -> Vec<IpAddr> {
    let of_4 = machine.text("proc/net/fib_trie").unwrap_or_default();
    let of_6 = machine.text("proc/net/if_inet6").unwrap_or_default();
    let mut all: Vec<IpAddr> = local_4(&of_4).into_iter().chain(local_6(&of_6)).collect();
    all.retain(|address| !address.is_loopback());
    all.sort();
    all.dedup();
    all
}

/// A line with an address is followed by one that says that it is local.
fn local_4(trie: &str) -> Vec<IpAddr> {
    let mut last: Option<IpAddr> = None;
    let mut found = Vec::new();
    for line in trie.lines().map(str::trim) {
        if let Some(address) = line.strip_prefix("|-- ") {
            last = address.parse().ok();
        } else if line == "/32 host LOCAL" {
            found.extend(last);
        }
    }
    found
}

/// One address a line, with its scope in the fourth column: 00 is the whole world.
fn local_6(table: &str) -> Vec<IpAddr> {
    let address = |line: &str| -> Option<IpAddr> {
        let mut words = line.split_whitespace();
        let address = u128::from_str_radix(words.next()?, 16).ok()?;
        (words.nth(2)? == "00").then(|| IpAddr::V6(address.into()))
    };
    table.lines().filter_map(address).collect()
}

#[cfg(test)]
mod tests {
    use super::{local_4, local_6};

    #[test]
    fn the_addresses_of_the_machine_are_found() {
        let trie =
            "Main:\n  |-- 192.0.2.0\n    /24 link UNICAST\n  |-- 192.0.2.2\n    /32 host LOCAL\n";
        assert_eq!(local_4(trie), ["192.0.2.2".parse::<std::net::IpAddr>().unwrap()]);
        let table = "fd000000000000000000000000000002 04 40 00 82     eth0\n\
                     fe8000000000000000fc00fffe000001 04 40 20 80     eth0\n";
        assert_eq!(local_6(table), ["fd00::2".parse::<std::net::IpAddr>().unwrap()]);
    }
}
