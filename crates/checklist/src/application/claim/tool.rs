//! Tools that should not ship.

use super::part;
use crate::anchor::{cra, en303645, iso, isvs};
use crate::application::tool::Tools;
use crate::check::{Check, Item, Severity};
use crate::profile::names;
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::verdict::{Fault, Verdict};

pub(in crate::application) const COMPILERS: Check = Check {
    id: "application-no-compilers",
    item: Item::Applications,
    severity: Severity::Medium,
    claim: "No compiler, assembler or linker is shipped.",
    how: "Looks into the folders of programs for them, by name.",
    remedy: "Take the package out of the image; build elsewhere. Declare in host.tools what cannot be done without.",
    anchors: &[isvs("3.2.3"), en303645("5.6-6"), cra("I.1(2)(j)"), iso("A.8.19"), iso("A.8.31")],
    risks: &[Risk::CorporateData],
    room: Room::Application,
    judge: |scene| {
        tools(scene, |found| &found.compilers, "It makes programs of whatever an intruder brings.")
    },
};

pub(in crate::application) const DEBUGGERS: Check = Check {
    id: "application-no-debuggers",
    item: Item::Applications,
    severity: Severity::Medium,
    claim: "No debugger, tracer, sniffer or scanner is shipped.",
    how: "Looks into the folders of programs for them, by name.",
    remedy: "Take the package out of the image. Declare in host.tools what cannot be done without.",
    anchors: &[isvs("3.2.3"), en303645("5.6-4"), cra("I.1(2)(j)"), iso("A.8.18")],
    risks: &[Risk::CustomerData, Risk::CorporateData],
    room: Room::Application,
    judge: |scene| {
        tools(scene, |found| &found.debuggers, "It reads along in programs or on the network.")
    },
};

pub(in crate::application) const INTERPRETERS: Check = Check {
    id: "application-interpreters-declared",
    item: Item::Applications,
    severity: Severity::Low,
    claim: "Only declared interpreters are shipped.",
    how: "Looks into the folders of programs for them, by name; the shell is not counted.",
    remedy: "Take the package out of the image, or declare the interpreter in host.tools.",
    anchors: &[isvs("3.2.3"), en303645("5.6-6"), cra("I.1(2)(j)"), iso("A.8.19")],
    risks: &[Risk::CorporateData],
    room: Room::Application,
    judge: |scene| {
        tools(scene, |found| &found.interpreters, "It runs whatever text an intruder brings.")
    },
};

pub(in crate::application) const LEGACY: Check = Check {
    id: "application-no-legacy-servers",
    item: Item::Applications,
    severity: Severity::High,
    claim: "No server or client is shipped that speaks in the clear: telnet, rsh, FTP, TFTP, finger, NIS, VNC.",
    how: "Looks into the folders of programs for them, by name.",
    remedy: "Take the package out, and use SSH or HTTPS in its place.",
    anchors: &[
        isvs("4.1.1"),
        en303645("5.5-1"),
        en303645("5.6-5"),
        cra("I.1(2)(e)"),
        iso("A.8.21"),
    ],
    risks: &[Risk::CustomerData, Risk::CorporateData, Risk::Reputation],
    room: Room::Application,
    judge: |scene| {
        tools(scene, |found| &found.legacy, "It speaks in the clear, and knows no keys.")
    },
};

fn tools(scene: &Scene, kind: fn(&Tools) -> &Vec<String>, what: &str) -> Verdict {
    part(
        scene,
        |found| &found.tools,
        |found| {
            let unknown = kind(found).iter().filter(|path| !names(&scene.profile.host.tools, path));
            let faults = unknown
                .map(|path| Fault::new(path, format!("{what} The profile does not know it.")));
            Verdict::of(faults, "none is there that is not declared")
        },
    )
}
