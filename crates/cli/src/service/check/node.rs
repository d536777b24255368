//! The node as others meet it: on its control socket, over its API, as a device over UDP, and whether it is open to
//! devices of the TCP service.

use super::finding::Finding;
use super::host::{Host, Node};
use pintle_cloud::certificate::{chain_file, leaf};
use pintle_cloud::init::TCP_KEY_FILE;
use pintle_cloud::probe::{self, ProbeError};
use pintle_cloud::serve::Addresses;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// How long the API and the door have to answer.
const WITHIN: Duration = Duration::from_secs(2);

const TCP_SERVICE: &str = "TCP service";

pub fn look(host: &Host) -> Vec<Finding> {
    let (name, why) = match &host.node {
        Node::Alive { version, addresses, .. } => {
            let alive = format!("version {version}; every shard and the store answer");
            return vec![
                Finding::ok("node", alive),
                api(host, addresses),
                devices(addresses),
                tcp_service(addresses),
            ];
        }
        Node::Sick(why) => (
            Finding::fail("node", format!("{why}: journalctl -u pintle -e may say more")),
            "the node is not well",
        ),
        Node::None => (
            Finding::not_tried("node", format!("none runs on {}", host.data.display())),
            "no node runs",
        ),
        Node::Closed => {
            let why = "only its owner and root may ask it: run this as root";
            (Finding::not_tried("node", why), "the node cannot be asked where it listens")
        }
    };
    let others = ["API", "devices"].map(|name| Finding::not_tried(name, why));
    std::iter::once(name).chain(others).chain([tcp_service_at_rest(host, why)]).collect()
}

fn api(host: &Host, addresses: &Addresses) -> Finding {
    let name = "API";
    let chain = match host.config() {
        Ok(config) => chain_file(&host.data, config),
        Err(why) => return Finding::not_tried(name, why),
    };
    let asked = leaf(&chain).map_err(|error| error.to_string());
    let certificate = match asked {
        Ok(certificate) => certificate,
        Err(why) => return Finding::fail(name, why),
    };
    let address = reachable(addresses.api);
    match probe::ready(address, certificate, WITHIN) {
        Ok(()) => Finding::ok(name, format!("https://{address} is ready")),
        Err(ProbeError::OtherCertificate) => Finding::warn(
            name,
            format!(
                "https://{address} shows another certificate than {}: restart the node to take that",
                chain.display()
            ),
        ),
        Err(error) => Finding::fail(name, format!("https://{address} is not ready: {error}")),
    }
}

fn devices(addresses: &Addresses) -> Finding {
    let (name, address) = ("devices", reachable(addresses.udp));
    match pintle_device::probe::cookie_exchange(address, WITHIN) {
        Ok(took) => {
            Finding::ok(name, format!("{address}/udp answered a hello in {} µs", took.as_micros()))
        }
        Err(error) => Finding::fail(
            name,
            format!(
                "{address}/udp does not answer a hello ({error}): a firewall on this machine may drop it"
            ),
        ),
    }
}

/// That it listens is not all: what it cannot give is for whoever runs the node to know.
fn tcp_service(addresses: &Addresses) -> Finding {
    let Some(address) = addresses.tcp else { return Finding::ok(TCP_SERVICE, "off") };
    match TcpStream::connect_timeout(&reachable(address), WITHIN) {
        Ok(_) => Finding::warn(
            TCP_SERVICE,
            format!(
                "on, {address}/tcp: what devices say there can be changed on the way, and is read by whoever gets a key \
                 later; keep it to networks that strangers are not on (SECURITY.md)"
            ),
        ),
        Err(error) => Finding::fail(
            TCP_SERVICE,
            format!(
                "{address}/tcp takes no connection ({error}): a firewall on this machine may drop it"
            ),
        ),
    }
}

/// Whether a node is to serve it, while none runs that could be asked.
fn tcp_service_at_rest(host: &Host, why: &str) -> Finding {
    let Ok(config) = host.config() else { return Finding::not_tried(TCP_SERVICE, why) };
    let key = host.data.join(TCP_KEY_FILE);
    match config.tcp.enabled {
        false => Finding::not_tried(TCP_SERVICE, format!("off in config.toml, and {why}")),
        true if key.exists() => {
            Finding::not_tried(TCP_SERVICE, format!("on in config.toml, and {why}"))
        }
        true => Finding::fail(
            TCP_SERVICE,
            format!(
                "on in config.toml, and there is no {}: pintle init --tcp --data {}",
                key.display(),
                host.data.display()
            ),
        ),
    }
}

/// An address to reach a listener at that listens on all of them.
fn reachable(bound: SocketAddr) -> SocketAddr {
    let ip = match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, bound.port())
}
