//! How the node is set up: listeners, limits, where webhooks may go, whom a finder writes to.

use crate::anchor::{asvs, cra, en303645, iso, isvs};
use crate::check::{Check, Item, Severity};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::survey::Settings;
use crate::verdict::{Fault, Verdict};
use std::net::{IpAddr, SocketAddr};

/// A quota so many times the usual one is none.
const TOO_MUCH: u64 = 20;

/// Numbers are not for everybody.
pub(super) const METRICS: Check = Check {
    id: "node-metrics-private",
    item: Item::Cloud,
    severity: Severity::Medium,
    claim: "Metrics, which nobody needs a password for, are off or listen where no stranger comes by.",
    how: "Reads where /metrics listens from the configuration in effect: loopback and private addresses will do.",
    remedy: "Set [metrics] listen to 127.0.0.1 or an address of a network of your own.",
    anchors: &[isvs("3.2"), en303645("5.6-1"), cra("I.1(2)(j)"), asvs("V13.4"), iso("A.8.20")],
    risks: &[Risk::CorporateData],
    room: Room::Node,
    judge: metrics,
};

/// The old service is off.
pub(super) const TCP: Check = Check {
    id: "node-tcp-service-off",
    item: Item::Cloud,
    severity: Severity::Medium,
    claim: "The old TCP service, whose sessions have neither forward secrecy nor integrity, is off or on an address of a private network.",
    how: "Reads from the configuration in effect whether the TCP service is on, and where.",
    remedy: "Turn it off ([tcp] enabled = false) where no device needs it; else let it listen on an address that only those devices reach.",
    anchors: &[isvs("4.1"), en303645("5.5-1"), cra("I.1(2)(e)"), asvs("V12.1"), iso("A.8.20")],
    risks: &[Risk::CustomerData, Risk::PhysicalDamage],
    room: Room::Node,
    judge: tcp,
};

/// Nobody may ask without end.
pub(super) const LIMITS: Check = Check {
    id: "node-limits-on",
    item: Item::Cloud,
    severity: Severity::Medium,
    claim: "Quotas are on: none is more than twenty times what a new node has.",
    how: "Compares every quota of [limits] in effect with its usual value.",
    remedy: "Take the line out of [limits] in config.toml, or set it to what your busiest client needs.",
    anchors: &[en303645("5.6-1"), cra("I.1(2)(h)"), asvs("V2.4"), iso("A.8.6")],
    risks: &[Risk::Downtime, Risk::CustomerData],
    room: Room::Node,
    judge: limits,
};

/// Webhooks go outside, encrypted.
pub(super) const EGRESS: Check = Check {
    id: "node-egress-filtered",
    item: Item::Cloud,
    severity: Severity::Medium,
    claim: "Webhooks reach the public internet alone, over HTTPS.",
    how: "Reads [webhooks] allow and plain_http from the configuration in effect.",
    remedy: "Take the networks out of [webhooks] allow that no webhook needs, narrow the others to single addresses, and set plain_http = false.",
    anchors: &[cra("I.1(2)(j)"), asvs("V1.3"), iso("A.8.22")],
    risks: &[Risk::CorporateData],
    room: Room::Node,
    judge: egress,
};

/// A finder knows whom to tell.
pub(super) const CONTACT: Check = Check {
    id: "node-contact-named",
    item: Item::Cloud,
    severity: Severity::Low,
    claim: "Whoever finds a weakness is told whom to write to.",
    how: "Reads from the configuration in effect whether [security] contact is set, which the node shows as security.txt.",
    remedy: "Set [security] contact = \"mailto:…\" in config.toml.",
    anchors: &[isvs("1.1"), en303645("5.2-1"), cra("I.2(5)"), cra("14"), iso("A.5.5")],
    risks: &[Risk::Reputation, Risk::Liability],
    room: Room::Node,
    judge: contact,
};

fn of_settings(scene: &Scene, judge: impl FnOnce(&Settings) -> Verdict) -> Verdict {
    scene.node.judge(|node| node.settings.judge(judge))
}

/// Whether no stranger on the internet reaches an address.
fn is_private(address: SocketAddr) -> bool {
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

fn metrics(scene: &Scene) -> Verdict {
    of_settings(scene, |settings| match settings.metrics {
        None => Verdict::holds("metrics are off"),
        Some(address) => {
            Verdict::claim(is_private(address), "metrics listen where no stranger comes by", || {
                Fault::new(
                    "[metrics] listen",
                    format!("{} is open to everybody who reaches the machine", address.ip()),
                )
            })
        }
    })
}

fn tcp(scene: &Scene) -> Verdict {
    of_settings(scene, |settings| match settings.tcp {
        None => Verdict::holds("the TCP service is off"),
        Some(address) => Verdict::claim(
            is_private(address),
            "the TCP service is on, on a private address",
            || {
                Fault::new(
                    "[tcp]",
                    format!(
                        "the TCP service listens on {}, for everybody who reaches the machine",
                        address.ip()
                    ),
                )
            },
        ),
    })
}

fn limits(scene: &Scene) -> Verdict {
    of_settings(scene, |settings| {
        let loose = settings.limits.iter().filter(|limit| limit.value / TOO_MUCH > limit.usual);
        let faults = loose.map(|limit| {
            let detail = format!("is {}, and {} on a new node", limit.value, limit.usual);
            Fault::new(format!("[limits] {}", limit.name), detail)
        });
        match settings.limits.is_empty() {
            true => Verdict::untried("the node tells of no quotas"),
            false => {
                Verdict::of(faults, format!("{} quotas, none given up", settings.limits.len()))
            }
        }
    })
}

fn egress(scene: &Scene) -> Verdict {
    of_settings(scene, |settings| {
        let networks = settings.webhook_networks.iter().map(|network| {
            Fault::new(
                format!("[webhooks] allow {network}"),
                "webhooks may reach this network, which is not public",
            )
        });
        let plain = settings.webhook_plain_http.then(|| {
            Fault::new("[webhooks] plain_http", "webhooks may send over HTTP without TLS")
        });
        Verdict::of(networks.chain(plain), "webhooks reach the public internet alone, over HTTPS")
    })
}

fn contact(scene: &Scene) -> Verdict {
    of_settings(scene, |settings| {
        Verdict::claim(settings.contact, "a contact is named", || {
            Fault::new("[security] contact", "nobody is named whom a finder can write to")
        })
    })
}
