//! Services that are started with the machine, and what runs by the clock.

use super::{part, unless_hidden};
use crate::anchor::{cra, en303645, iso, isvs, nistir};
use crate::check::{Check, Item, Severity};
use crate::profile::names;
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::verdict::{Fault, Verdict};

pub(in crate::application) const DECLARED: Check = Check {
    id: "application-services-declared",
    item: Item::Applications,
    severity: Severity::Medium,
    claim: "Only declared services are started with the machine.",
    how: "Reads which units of systemd, or scripts of older ways to start, are enabled, and holds them against the profile.",
    remedy: "Disable the service (`systemctl disable --now NAME`) and take its package out, or declare it.",
    anchors: &[
        isvs("3.2.3"),
        en303645("5.6-5"),
        cra("I.1(2)(j)"),
        nistir("configuration"),
        iso("A.8.19"),
    ],
    risks: &[Risk::CustomerData, Risk::CorporateData],
    room: Room::Application,
    judge: declared,
};

pub(in crate::application) const SANDBOXED: Check = Check {
    id: "application-services-sandboxed",
    item: Item::Applications,
    severity: Severity::Medium,
    claim: "A service that is taken over can reach little of the machine.",
    how: "Has `systemd-analyze security --offline` count how exposed each enabled service is, from 0 to 10. More than 5, or \
          than host.exposure-limit, is too much.",
    remedy: "Add ProtectSystem=strict, PrivateTmp=, PrivateDevices=, NoNewPrivileges=, CapabilityBoundingSet= and \
             SystemCallFilter= to its unit until `systemd-analyze security NAME` counts little; or name it in \
             host.exposed-services.",
    anchors: &[isvs("2.2.2"), en303645("5.6-7"), cra("I.1(2)(k)"), iso("A.8.9")],
    risks: &[Risk::CustomerData, Risk::CorporateData, Risk::PhysicalDamage],
    room: Room::Application,
    judge: sandboxed,
};

pub(in crate::application) const SCHEDULED: Check = Check {
    id: "application-scheduled-declared",
    item: Item::Applications,
    severity: Severity::Medium,
    claim: "Nothing runs by the clock but what is declared.",
    how: "Reads enabled timers, cron's folders and people's crontabs, and holds them against the profile.",
    remedy: "Take the entry out, or declare it in host.scheduled. An entry that nobody knows is how intruders stay.",
    anchors: &[isvs("3.2.3"), en303645("5.6-5"), cra("I.1(2)(j)"), iso("A.8.9")],
    risks: &[Risk::CorporateData, Risk::Downtime],
    room: Room::Application,
    judge: scheduled,
};

fn declared(scene: &Scene) -> Verdict {
    part(
        scene,
        |found| &found.services,
        |found| {
            let unknown = found
                .enabled
                .iter()
                .filter(|service| !names(&scene.profile.services, &service.name));
            let faults = unknown.map(|service| {
                let rights = if service.of_root { " as root" } else { "" };
                Fault::new(
                    &service.name,
                    format!(
                        "It is started with the machine{rights}, and the profile does not know it."
                    ),
                )
            });
            Verdict::of(
                faults,
                format!(
                    "{} services are started with the machine, all declared",
                    found.enabled.len()
                ),
            )
        },
    )
}

fn sandboxed(scene: &Scene) -> Verdict {
    part(
        scene,
        |found| &found.services,
        |found| {
            let host = &scene.profile.host;
            let exposed = found
                .enabled
                .iter()
                .filter(|service| !names(&host.exposed_services, &service.name));
            let faults = exposed.filter_map(|service| {
                let exposure = service.exposure.filter(|exposure| *exposure > host.exposure())?;
                let detail = format!(
                    "systemd counts {exposure} of 10 for what it could reach; {} is allowed.",
                    host.exposure()
                );
                Some(Fault::new(&service.name, detail))
            });
            let counted = found.enabled.iter().filter(|service| service.exposure.is_some()).count();
            let verdict = Verdict::of(
                faults,
                format!("{counted} services, none exposed more than {}", host.exposure()),
            );
            unless_hidden(verdict, found.uncounted.as_ref())
        },
    )
}

fn scheduled(scene: &Scene) -> Verdict {
    part(
        scene,
        |found| &found.schedule,
        |found| {
            let unknown =
                found.entries.iter().filter(|entry| !names(&scene.profile.host.scheduled, entry));
            let faults = unknown.map(|entry| {
                Fault::new(entry, "It runs by the clock, and the profile does not know it.")
            });
            let verdict = Verdict::of(
                faults,
                format!("{} entries run by the clock, all declared", found.entries.len()),
            );
            unless_hidden(verdict, found.hidden.as_ref())
        },
    )
}
