//! What was left in images for microcontrollers.

use super::part;
use crate::anchor::{cra, en303645, iso, isvs};
use crate::application::image::Image;
use crate::check::{Check, Item, Severity};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::verdict::{Fault, Verdict};
use std::collections::BTreeSet;

pub(in crate::application) const CONSOLES: Check = Check {
    id: "application-image-no-console",
    item: Item::Applications,
    severity: Severity::Medium,
    claim: "No image holds a console that takes commands.",
    how: "Looks among the texts and symbols of each image for those of shells and consoles.",
    remedy: "Build the release without the console, or have it ask for a key of the device's own first.",
    anchors: &[isvs("3.2.3"), en303645("5.6-3"), en303645("5.6-4"), cra("I.1(2)(j)")],
    risks: &[Risk::PhysicalDamage, Risk::CustomerData],
    room: Room::Application,
    judge: |scene| each(scene, "consoles", |image| &image.consoles),
};

pub(in crate::application) const DEBUG_PORTS: Check = Check {
    id: "application-image-no-debug-port",
    item: Item::Applications,
    severity: Severity::High,
    claim: "No image holds a debugger's way in.",
    how: "Looks among the texts and symbols of each image for semihosting, RTT and debugger stubs.",
    remedy: "Build the release without them, and close JTAG and SWD by the chip's own fuses.",
    anchors: &[isvs("3.3"), en303645("5.6-4"), cra("I.1(2)(d)")],
    risks: &[Risk::PhysicalDamage, Risk::CustomerData, Risk::CorporateData],
    room: Room::Application,
    judge: |scene| each(scene, "debug ports", |image| &image.debug_ports),
};

pub(in crate::application) const KEYS: Check = Check {
    id: "application-image-no-keys",
    item: Item::Applications,
    severity: Severity::Critical,
    claim: "No image holds a private key, nor a key that is called a test's.",
    how: "Looks in each image for private keys in DER and PEM, and for texts and symbols that name a test key. No key is kept.",
    remedy: "Give every device a key of its own when it is made; replace the key that was shipped: it is public now.",
    anchors: &[
        isvs("2.4.4"),
        en303645("5.4-3"),
        en303645("5.4-4"),
        cra("I.1(2)(e)"),
        iso("A.8.24"),
    ],
    risks: &[Risk::CustomerData, Risk::PhysicalDamage, Risk::Liability, Risk::Reputation],
    room: Room::Application,
    judge: |scene| each(scene, "keys", |image| &image.keys),
};

pub(in crate::application) const CREDENTIALS: Check = Check {
    id: "application-image-no-passwords",
    item: Item::Applications,
    severity: Severity::High,
    claim: "No image holds a password.",
    how: "Looks among the texts of each image for a name of a secret with a value behind it, and for addresses with a \
          password. Values are not kept.",
    remedy: "Take it out, give each device its own when it is set up, and replace the one that was shipped.",
    anchors: &[
        isvs("2.3.1"),
        en303645("5.4-3"),
        en303645("5.1-1"),
        cra("I.1(2)(d)"),
        iso("A.5.17"),
    ],
    risks: &[Risk::CustomerData, Risk::CorporateData, Risk::Reputation],
    room: Room::Application,
    judge: |scene| each(scene, "passwords", |image| &image.credentials),
};

pub(in crate::application) const SYMBOLS: Check = Check {
    id: "application-image-stripped",
    item: Item::Applications,
    severity: Severity::Low,
    claim: "No image tells the names of its functions.",
    how: "Reads the symbol table of each image that is an ELF file.",
    remedy: "Strip what is shipped, and keep the symbols beside the release for crash reports.",
    anchors: &[en303645("5.6-2"), en303645("5.6-6"), cra("I.1(2)(j)")],
    risks: &[Risk::CorporateData],
    room: Room::Application,
    judge: symbols,
};

pub(in crate::application) const BUILD_PATHS: Check = Check {
    id: "application-image-no-build-paths",
    item: Item::Applications,
    severity: Severity::Low,
    claim: "No image tells whose machine it was built on.",
    how: "Looks among the texts of each image for people's home folders. Their names are not kept.",
    remedy: "Build on a machine of its own, with -ffile-prefix-map= or --remap-path-prefix.",
    anchors: &[en303645("5.6-2"), cra("I.1(2)(g)"), iso("A.8.31")],
    risks: &[Risk::CorporateData],
    room: Room::Application,
    judge: |scene| each(scene, "build paths", |image| &image.build_paths),
};

/// A fault for each thing of a kind in each image.
fn each(scene: &Scene, kind: &str, of: fn(&Image) -> &BTreeSet<String>) -> Verdict {
    part(
        scene,
        |found| &found.images,
        |images| {
            let faults = images.iter().flat_map(|image| {
                of(image).iter().map(|what| {
                    Fault::new(
                        format!("{}: {what}", image.name),
                        format!("{} holds {what}.", image.name),
                    )
                })
            });
            Verdict::of(faults, format!("{} images, no {kind} in them", images.len()))
        },
    )
}

fn symbols(scene: &Scene) -> Verdict {
    part(
        scene,
        |found| &found.images,
        |images| {
            let named = images.iter().filter(|image| image.symbols);
            let faults =
                named.map(|image| Fault::new(&image.name, "It tells the names of its functions."));
            Verdict::of(faults, format!("{} images, none with names of functions", images.len()))
        },
    )
}
