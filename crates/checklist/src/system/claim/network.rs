//! What the kernel believes of packets, and whether it passes them on.

use super::setting::{all_of, needed, settings, where_there};
use crate::anchor::{cra, en303645, iso, nistir};
use crate::check::{Check, Item, Severity};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::system::claim::part;
use crate::verdict::Verdict;

pub(in crate::system) const REDIRECTS: Check = Check {
    id: "system-network-redirects",
    item: Item::OperatingSystem,
    severity: Severity::Medium,
    claim: "Nobody on the network can change the ways that packets go.",
    how: "Reads accept_redirects, send_redirects and accept_source_route of IPv4 and IPv6, for all interfaces and for new ones.",
    remedy: "Set them to 0 under net.ipv4.conf.all, net.ipv4.conf.default, net.ipv6.conf.all and net.ipv6.conf.default.",
    anchors: &[en303645("5.6-1"), cra("I.1(2)(f)"), iso("A.8.20")],
    risks: &[Risk::CustomerData],
    room: Room::System,
    judge: redirects,
};

pub(in crate::system) const SPOOFING: Check = Check {
    id: "system-network-spoofing",
    item: Item::OperatingSystem,
    severity: Severity::Medium,
    claim: "Packets with a forged sender, floods of new connections and echoes to everybody come to nothing.",
    how: "Reads rp_filter, tcp_syncookies and icmp_echo_ignore_broadcasts. Of rp_filter the larger of all and default counts.",
    remedy: "Set net.ipv4.conf.all.rp_filter = 1 (2 with several ways out), net.ipv4.tcp_syncookies = 1 and \
             net.ipv4.icmp_echo_ignore_broadcasts = 1.",
    anchors: &[en303645("5.9-1"), cra("I.1(2)(h)"), cra("I.1(2)(i)"), iso("A.8.20")],
    risks: &[Risk::Downtime, Risk::Liability],
    room: Room::System,
    judge: spoofing,
};

pub(in crate::system) const FORWARDING: Check = Check {
    id: "system-network-forwarding",
    item: Item::OperatingSystem,
    severity: Severity::Medium,
    claim: "The machine passes no packets on between networks, unless the profile says that it is a router.",
    how: "Reads net.ipv4.ip_forward and net.ipv6.conf.all.forwarding.",
    remedy: "Set both to 0, or say host.router = true in the profile.",
    anchors: &[en303645("5.6-5"), cra("I.1(2)(j)"), nistir("configuration"), iso("A.8.22")],
    risks: &[Risk::CorporateData, Risk::Liability],
    room: Room::System,
    judge: forwarding,
};

fn redirects(scene: &Scene) -> Verdict {
    settings(
        scene,
        &[
            needed("net/ipv4/conf/all/accept_redirects", |is| is == 0, "0"),
            needed("net/ipv4/conf/default/accept_redirects", |is| is == 0, "0"),
            needed("net/ipv4/conf/all/send_redirects", |is| is == 0, "0"),
            needed("net/ipv4/conf/default/send_redirects", |is| is == 0, "0"),
            needed("net/ipv4/conf/all/accept_source_route", |is| is == 0, "0"),
            needed("net/ipv4/conf/default/accept_source_route", |is| is == 0, "0"),
            where_there("net/ipv6/conf/all/accept_redirects", |is| is == 0, "0"),
            where_there("net/ipv6/conf/default/accept_redirects", |is| is == 0, "0"),
            where_there("net/ipv6/conf/all/accept_source_route", |is| is <= 0, "0"),
        ],
    )
}

fn spoofing(scene: &Scene) -> Verdict {
    part(
        scene,
        |system| &system.kernel,
        |kernel| {
            let by_default =
                kernel.number("net/ipv4/conf/default/rp_filter").is_some_and(|is| is >= 1);
            let filter = needed(
                "net/ipv4/conf/all/rp_filter",
                |is| is >= 1,
                "1, or 2 with several ways out",
            );
            let others = [
                needed("net/ipv4/tcp_syncookies", |is| is >= 1, "1"),
                needed("net/ipv4/icmp_echo_ignore_broadcasts", |is| is == 1, "1"),
            ];
            match all_of(kernel, &others) {
                Verdict::Broken { faults } if !by_default => match all_of(kernel, &[filter]) {
                    Verdict::Broken { faults: more } => {
                        Verdict::of(faults.into_iter().chain(more), "")
                    }
                    _ => Verdict::Broken { faults },
                },
                Verdict::Holds { .. } if !by_default => all_of(kernel, &[filter]),
                verdict => verdict,
            }
        },
    )
}

fn forwarding(scene: &Scene) -> Verdict {
    if scene.profile.host.router {
        return part(
            scene,
            |system| &system.kernel,
            |_| Verdict::holds("the profile says that it is a router"),
        );
    }
    settings(
        scene,
        &[
            where_there("net/ipv4/ip_forward", |is| is == 0, "0"),
            where_there("net/ipv6/conf/all/forwarding", |is| is == 0, "0"),
        ],
    )
}
