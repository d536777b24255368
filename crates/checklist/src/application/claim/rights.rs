//! Rights of programs: those that the network reaches, and what root runs.

use super::{part, unless_hidden};
use crate::anchor::{asvs, cra, en303645, iso, isvs};
use crate::application::running::{Program, Running};
use crate::check::{Check, Item, Severity};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::system::socket::{Protocol, Reach};
use crate::verdict::{Fault, Verdict};
use std::collections::BTreeSet;

pub(in crate::application) const NETWORK_ROOT: Check = Check {
    id: "application-network-not-root",
    item: Item::Applications,
    severity: Severity::High,
    claim: "No program that can be reached from a network runs as root.",
    how: "Finds the programs that hold TCP and UDP sockets on addresses of a network, and reads whose rights they have.",
    remedy: "Run it as a user of its own (User= or DynamicUser=); for a low port give it CAP_NET_BIND_SERVICE alone.",
    anchors: &[isvs("2.2.2"), en303645("5.6-7"), cra("I.1(2)(k)"), asvs("V13"), iso("A.8.2")],
    risks: &[Risk::CustomerData, Risk::CorporateData, Risk::PhysicalDamage],
    room: Room::Application,
    judge: network_root,
};

pub(in crate::application) const NETWORK_CONFINED: Check = Check {
    id: "application-network-confined",
    item: Item::Applications,
    severity: Severity::Medium,
    claim: "A program that can be reached from a network can gain no rights, and not call all of the kernel.",
    how: "Reads NoNewPrivs and Seccomp of the processes that hold sockets on addresses of a network: what is in force, \
          whatever was configured.",
    remedy: "Set NoNewPrivileges=yes and SystemCallFilter=@system-service in its unit.",
    anchors: &[isvs("2.2.2"), en303645("5.6-7"), cra("I.1(2)(k)"), iso("A.8.9")],
    risks: &[Risk::CustomerData, Risk::CorporateData],
    room: Room::Application,
    judge: network_confined,
};

pub(in crate::application) const OF_ROOT: Check = Check {
    id: "application-root-paths",
    item: Item::Applications,
    severity: Severity::High,
    claim: "Nobody but root can change what root runs.",
    how: "Follows each program of root's processes, services, timers and search paths, and all folders above it, and \
          reads who may write them.",
    remedy: "Give the file and the folders above it to root, and take the write permission from others.",
    anchors: &[isvs("3.3"), isvs("2.2.2"), en303645("5.6-7"), cra("I.1(2)(f)"), iso("A.8.3")],
    risks: &[Risk::CustomerData, Risk::PhysicalDamage],
    room: Room::Application,
    judge: of_root,
};

/// Programs that hold a socket on a network.
fn reachable(scene: &Scene) -> Result<BTreeSet<&str>, String> {
    let system = scene.system.found.as_ref().map_err(Clone::clone)?;
    let sockets = system.sockets.found.as_ref().map_err(Clone::clone)?;
    let open = sockets.open.iter().filter(|socket| {
        socket.reach == Reach::Network
            && matches!(socket.protocol, Protocol::Tcp | Protocol::Udp)
            && socket.port.is_some()
    });
    Ok(open.flat_map(|socket| socket.programs.iter().map(String::as_str)).collect())
}

/// A fault for each program on a network of which this is so.
fn each(scene: &Scene, seen: &str, is: fn(&Program) -> Option<&'static str>) -> Verdict {
    part(
        scene,
        |found| &found.running,
        |found: &Running| {
            let reachable = match reachable(scene) {
                Ok(reachable) => reachable,
                Err(why) => return Verdict::untried(why),
            };
            let on_a_network =
                found.programs.iter().filter(|program| reachable.contains(program.path.as_str()));
            let faults =
                on_a_network.filter_map(|program| Some(Fault::new(&program.path, is(program)?)));
            let verdict = Verdict::of(
                faults,
                format!("{} programs can be reached from a network, {seen}", reachable.len()),
            );
            unless_hidden(verdict, found.hidden.as_ref())
        },
    )
}

fn network_root(scene: &Scene) -> Verdict {
    each(scene, "none as root", |program| {
        program.of_root.then_some("It can be reached from a network and runs as root.")
    })
}

fn network_confined(scene: &Scene) -> Verdict {
    each(scene, "all confined", |program| match (program.no_new_privileges, program.filtered) {
        (true, true) => None,
        (false, true) => Some("What it starts may gain rights (NoNewPrivs is 0)."),
        (true, false) => Some("It may call all of the kernel (Seccomp is 0)."),
        (false, false) => {
            Some("What it starts may gain rights, and it may call all of the kernel.")
        }
    })
}

fn of_root(scene: &Scene) -> Verdict {
    part(
        scene,
        |found| &found.of_root,
        |found| {
            let faults = found.weak.iter().map(|weak| {
                Fault::new(
                    &weak.path,
                    format!(
                        "Root runs it or obeys it, and {} is not root's alone: {}.",
                        weak.at, weak.why
                    ),
                )
            });
            Verdict::of(
                faults,
                "what root runs, and the folders above it, can be written by root alone",
            )
        },
    )
}
