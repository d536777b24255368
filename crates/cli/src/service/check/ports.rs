//! The ports of the configuration: free while no node runs, the node's own while one does.

use super::finding::Finding;
use super::host::{Data, Host, Node};
use super::unit::Unit;
use pintle_cloud::config::Config;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, UdpSocket};

/// Ports below this need a capability.
const FIRST_FREE_FOR_ALL: u16 = 1024;

const API: &str = "API port";
const UDP: &str = "UDP port";
const TCP: &str = "TCP port";

/// That of the TCP service only where it is on.
pub fn look(host: &Host) -> Vec<Finding> {
    if let Node::Alive { addresses, .. } = &host.node {
        let own = |name, address| Finding::ok(name, format!("{address}, the node's own"));
        let mut found =
            vec![own(API, addresses.api.to_string()), own(UDP, format!("{}/udp", addresses.udp))];
        found.extend(addresses.tcp.map(|address| own(TCP, format!("{address}/tcp"))));
        return found;
    }
    // Before there is a folder, the ports are those that a new one has.
    let new = Config::default();
    let config = match (&host.folder, host.config()) {
        (Data::None, _) => &new,
        (_, Ok(config)) => config,
        (_, Err(why)) => {
            return [API, UDP].map(|name| Finding::not_tried(name, why.clone())).into();
        }
    };
    let (api, udp, tcp) = (config.api.listen, config.udp.listen, &config.tcp);
    let mut found = vec![
        judge(API, api, TcpListener::bind(api).map(drop), host),
        judge(UDP, udp, UdpSocket::bind(udp).map(drop), host),
    ];
    if tcp.enabled {
        found.push(judge(TCP, tcp.listen, TcpListener::bind(tcp.listen).map(drop), host));
    }
    found
}

fn judge(name: &'static str, address: SocketAddr, bound: io::Result<()>, host: &Host) -> Finding {
    let unit = host.unit.as_ref().filter(|unit| unit.is_loaded());
    match bound.map_err(|error| (error.kind(), error)) {
        Err((ErrorKind::AddrInUse, _)) if !matches!(host.node, Node::None) => {
            Finding::ok(name, format!("{address} is taken, and a node runs"))
        }
        Err((ErrorKind::AddrInUse, _)) => Finding::fail(
            name,
            format!(
                "another program listens on {address} (ss -lntup shows which): end it, or set another in config.toml"
            ),
        ),
        Err((ErrorKind::AddrNotAvailable, _)) => Finding::fail(
            name,
            format!("{address} is no address of this machine: set one that is in config.toml"),
        ),
        Err((ErrorKind::PermissionDenied, _)) => low_port(name, address, unit),
        Err((_, error)) => Finding::fail(name, format!("{address}: {error}")),
        Ok(()) if is_low(address) => low_port(name, address, unit),
        Ok(()) => Finding::ok(name, format!("{address} is free")),
    }
}

fn is_low(address: SocketAddr) -> bool {
    (1..FIRST_FREE_FOR_ALL).contains(&address.port())
}

/// Whoever checks may be root; the service is not.
fn low_port(name: &'static str, address: SocketAddr, unit: Option<&Unit>) -> Finding {
    let allowed = |unit: &Unit| unit.get("AmbientCapabilities").contains("cap_net_bind_service");
    match unit {
        Some(unit) if allowed(unit) => {
            Finding::ok(name, format!("{address}, and the unit may bind it"))
        }
        _ => Finding::warn(
            name,
            format!(
                "{address} is below 1024, and the shipped unit may not bind it: docs/service.md, \"Ports below 1024\""
            ),
        ),
    }
}
