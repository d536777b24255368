//! Protocols that the kernel speaks, or would speak for the asking.

use crate::anchor::{cra, en303645, iso, isvs};
use crate::check::{Check, Item, Severity};
use crate::profile::names;
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::system::claim::part;
use crate::system::kernel::RARE;
use crate::verdict::{Fault, Verdict};

pub(in crate::system) const SPOKEN: Check = Check {
    id: "system-protocols-declared",
    item: Item::OperatingSystem,
    severity: Severity::Medium,
    claim: "The kernel speaks no rare network protocol that the product does not declare.",
    how: "Reads the kernel's table of protocols, and looks for those that few products need and many holes were found in.",
    remedy: "Build the kernel without the protocol or unload and bar its module; or declare it in host.protocols.",
    anchors: &[
        isvs("3.2.2"),
        en303645("5.6-1"),
        en303645("5.6-6"),
        cra("I.1(2)(j)"),
        iso("A.8.20"),
    ],
    risks: &[Risk::CustomerData, Risk::Downtime],
    room: Room::System,
    judge: spoken,
};

pub(in crate::system) const AT_HAND: Check = Check {
    id: "system-protocols-barred",
    item: Item::OperatingSystem,
    severity: Severity::Low,
    claim: "No program can have a rare protocol loaded by opening a socket of it.",
    how: "Looks for modules of such protocols on the disk that no file of modprobe.d bars. A kernel that loads none has none.",
    remedy: "Write `install NAME /bin/false` for each into /etc/modprobe.d, or leave the modules out of the image.",
    anchors: &[isvs("3.2.2"), en303645("5.6-6"), cra("I.1(2)(j)"), iso("A.8.9")],
    risks: &[Risk::CustomerData, Risk::Downtime],
    room: Room::System,
    judge: at_hand,
};

fn spoken(scene: &Scene) -> Verdict {
    part(
        scene,
        |system| &system.kernel,
        |kernel| {
            if kernel.protocols.is_empty() {
                return Verdict::untried(
                    "/proc/net/protocols cannot be read: run where the target's network is",
                );
            }
            let is_rare = |name: &&String| RARE.iter().any(|(rare, _)| rare == name);
            let rare = kernel.protocols.iter().filter(is_rare);
            let faults =
                rare.filter(|name| !names(&scene.profile.host.protocols, name)).map(|name| {
                    Fault::new(
                        format!("protocol {name}"),
                        format!("Any program may open a socket of {name}."),
                    )
                });
            Verdict::of(
                faults,
                format!("{} protocols, no rare one undeclared", kernel.protocols.len()),
            )
        },
    )
}

fn at_hand(scene: &Scene) -> Verdict {
    part(
        scene,
        |system| &system.kernel,
        |kernel| {
            if kernel.modules.disabled || !kernel.modules.loadable {
                return Verdict::holds("the kernel loads no modules");
            }
            let declared = |module: &&str| {
                let protocol =
                    RARE.iter().find(|(_, of)| of == module).map_or("", |(name, _)| name);
                names(&scene.profile.host.protocols, protocol)
            };
            let loadable = kernel.modules.rare_at_hand.iter().filter(|module| !declared(module));
            let faults = loadable.map(|module| {
                Fault::new(
                    format!("module {module}"),
                    "It lies on the disk, and is loaded for whoever opens a socket of it.",
                )
            });
            Verdict::of(faults, "no module of a rare protocol is on the disk and not barred")
        },
    )
}
