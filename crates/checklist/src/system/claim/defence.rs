//! What stands guard beside the kernel's own settings.

use crate::anchor::{asvs, cra, en303645, iso, nistir};
use crate::check::{Check, Item, Severity};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::system::claim::part;
use crate::system::defence::Defences;
use crate::verdict::{Fault, Verdict};

pub(in crate::system) const PACKET_FILTER: Check = Check {
    id: "system-packet-filter",
    item: Item::OperatingSystem,
    severity: Severity::Low,
    claim: "A packet filter is started with the machine: what listens by mistake is not reached.",
    how: "Looks for a unit or script of nftables, firewalld, ufw or their like among what is started. Its rules are not read.",
    remedy: "Enable nftables with a chain that drops what is not for a declared port.",
    anchors: &[en303645("5.6-1"), cra("I.1(2)(j)"), iso("A.8.20")],
    risks: &[Risk::CustomerData, Risk::CorporateData],
    room: Room::System,
    judge: |scene| {
        some(scene, |found| &found.packet_filters, "packet filter", "Nothing filters packets.")
    },
};

pub(in crate::system) const MANDATORY_ACCESS: Check = Check {
    id: "system-mandatory-access",
    item: Item::OperatingSystem,
    severity: Severity::Low,
    claim: "The kernel holds programs to rules that not even their user can change.",
    how: "Reads which of AppArmor, SELinux, Smack and Tomoyo the kernel that runs has on.",
    remedy: "Start the kernel with lsm=…,apparmor (or SELinux), and load rules for the programs that the network reaches.",
    anchors: &[en303645("5.6-7"), cra("I.1(2)(k)"), iso("A.8.3")],
    risks: &[Risk::CustomerData, Risk::PhysicalDamage],
    room: Room::System,
    judge: mandatory_access,
};

pub(in crate::system) const CLOCK: Check = Check {
    id: "system-clock-kept",
    item: Item::OperatingSystem,
    severity: Severity::Low,
    claim: "The machine's clock is kept: certificates are judged, and the log is read, by the right time.",
    how: "Looks for a unit or script of systemd-timesyncd, chrony or ntpd among what is started.",
    remedy: "Enable systemd-timesyncd or chrony.",
    anchors: &[en303645("5.10-1"), cra("I.1(2)(l)"), asvs("V16"), iso("A.8.17")],
    risks: &[Risk::Downtime],
    room: Room::System,
    judge: |scene| some(scene, |found| &found.clocks, "clock", "Nothing keeps the clock."),
};

pub(in crate::system) const LOG: Check = Check {
    id: "system-log-kept",
    item: Item::OperatingSystem,
    severity: Severity::Low,
    claim: "What happened on the machine is still known after a restart.",
    how: "Looks for /var/log/journal, where systemd's journal is kept, and for a log service among what is started.",
    remedy: "Make /var/log/journal (Storage=persistent), or enable rsyslog and send the log elsewhere too.",
    anchors: &[en303645("5.10-1"), cra("I.1(2)(l)"), nistir("state awareness"), iso("A.8.15")],
    risks: &[Risk::Liability],
    room: Room::System,
    judge: |scene| some(scene, |found| &found.logs, "log", "The log is gone with a restart."),
};

fn some(scene: &Scene, of: fn(&Defences) -> &Vec<String>, subject: &str, wrong: &str) -> Verdict {
    part(
        scene,
        |system| &system.defences,
        |found| {
            let there = of(found);
            Verdict::claim(!there.is_empty(), there.join(", "), || Fault::new(subject, wrong))
        },
    )
}

fn mandatory_access(scene: &Scene) -> Verdict {
    part(
        scene,
        |system| &system.defences,
        |found| match &found.mandatory_access {
            None => Verdict::untried("no kernel runs under this root: run where the target runs"),
            Some(there) => Verdict::claim(!there.is_empty(), there.join(", "), || {
                Fault::new("kernel", "None of AppArmor, SELinux, Smack and Tomoyo is on.")
            }),
        },
    )
}
