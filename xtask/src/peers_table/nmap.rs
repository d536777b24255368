//! nmap, which connects to ports and says which are open: on this machine, with three listeners that nobody declared.

use super::ours::Ours;
use super::{Row, Section};
use crate::debian::{self, Packaged};
use crate::process::{Failure, Program};
use std::net::{TcpListener, UdpSocket};

/// Ports that no system gives away by itself.
const PORTS: std::ops::Range<u16> = 20_000..30_000;

/// Opens the listeners, and has both look.
pub(crate) fn sections() -> Result<Vec<Section>, Failure> {
    debian::ensure(&[Packaged { program: "nmap", package: "nmap" }])?;
    let none_free = || Failure::new("no port between 20000 and 30000 is free for a listener");
    let everywhere = PORTS
        .clone()
        .find_map(|port| TcpListener::bind(("0.0.0.0", port)).ok())
        .ok_or_else(none_free)?;
    let loopback = PORTS
        .clone()
        .find_map(|port| TcpListener::bind(("127.0.0.1", port)).ok())
        .ok_or_else(none_free)?;
    let datagrams = PORTS
        .clone()
        .find_map(|port| UdpSocket::bind(("0.0.0.0", port)).ok())
        .ok_or_else(none_free)?;
    let at = |error| Failure::new(format!("a listener has no address: {error}"));
    let udp = datagrams.local_addr().map_err(at)?.port();
    let version = Program::new("nmap").arg("--version").capture()?;
    let tcp = Program::new("nmap")
        .args(["-n", "-Pn", "-sT", "-p-", "-oG", "-", "127.0.0.1"])
        .capture()?;
    let of_udp = Program::new("nmap")
        .args(["-n", "-Pn", "-sU", "-p", &udp.to_string(), "-oG", "-", "127.0.0.1"])
        .capture()
        .unwrap_or_default();
    let ours = Ours::of_this_machine()?;
    drop((everywhere, loopback, datagrams));
    let found = open(&tcp).into_iter().chain(open(&of_udp));
    Ok(vec![Section {
        title: format!("{} on this machine", version.lines().next().unwrap_or("nmap").split(" (").next().unwrap_or("nmap")),
        how: "Two TCP listeners, on all addresses and on loopback, and one of UDP were opened before both looked. \
              `nmap -sT -p- 127.0.0.1` and `nmap -sU`, and `pintle checklist run --target host` without a profile. Which \
              program listens nmap guesses from its answers; the checklist reads it from the system, connects to all ports \
              of the machine's other addresses too, and names ports that the system chose by their programs"
            .into(),
        rows: found.map(|port| row(&port, &ours)).collect(),
    }])
}

/// `20000/open/tcp` among the ports of a greppable line, as `tcp/20000` and its state.
fn open(text: &str) -> Vec<(String, String)> {
    let ports = text.lines().filter_map(|line| line.split_once("Ports: ")).map(|(_, ports)| ports);
    let each = ports.flat_map(|ports| ports.split(['\t', ',']));
    each.filter_map(|port| {
        let mut parts = port.trim().split('/');
        let (number, state, protocol) = (parts.next()?, parts.next()?, parts.next()?);
        state.starts_with("open").then(|| (format!("{protocol}/{number}"), state.to_owned()))
    })
    .collect()
}

fn row((port, state): &(String, String), ours: &Ours) -> Row {
    let theirs = format!("{port} is {state}");
    let declared = "system-ports-declared";
    let chosen = port.split_once('/').and_then(|(_, number)| number.parse::<u16>().ok());
    let ours = if ours.faults(declared, port) {
        Ok(format!("`{declared}` is broken: {port}"))
    } else if chosen.is_some_and(|number| (32_768..=60_999).contains(&number)) {
        Ok(format!(
            "{}, where the port is one that the system chose",
            ours.of("system-ports-chosen")
        ))
    } else {
        Err("it was no longer there when ours looked".into())
    };
    Row { theirs, ours }
}

#[cfg(test)]
mod tests {
    use super::open;

    #[test]
    fn open_ports_are_read() {
        let text = "Host: 127.0.0.1 ()\tStatus: Up\nHost: 127.0.0.1 ()\tPorts: 22/open/tcp//ssh///, 53/open|filtered/udp//x///, \
                    80/closed/tcp//http///\tIgnored State: closed (65533)\n";
        let ports: Vec<String> = open(text).into_iter().map(|(port, _)| port).collect();
        assert_eq!(ports, ["tcp/22", "udp/53"]);
    }
}
