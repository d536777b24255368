//! Code in the kernel: what it takes, what it took, and what it was started by.

use crate::anchor::{cra, en303645, iso, isvs};
use crate::check::{Check, Item, Severity};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::system::claim::part;
use crate::system::kernel::Modules;
use crate::verdict::{Fault, Verdict};

pub(in crate::system) const LOADING: Check = Check {
    id: "system-modules-signed",
    item: Item::OperatingSystem,
    severity: Severity::Medium,
    claim: "Not even root can put code into the kernel that its makers did not sign.",
    how: "Reads kernel.modules_disabled, the module loader's sig_enforce and the kernel's lockdown.",
    remedy: "Start the kernel with module.sig_enforce=1 or lockdown=integrity, set kernel.modules_disabled = 1 once it has \
             what it needs, or build it without modules.",
    anchors: &[isvs("3.3"), en303645("5.7-1"), cra("I.1(2)(f)"), iso("A.8.19")],
    risks: &[Risk::CustomerData, Risk::PhysicalDamage],
    room: Room::System,
    judge: loading,
};

pub(in crate::system) const TAINTED: Check = Check {
    id: "system-kernel-untainted",
    item: Item::OperatingSystem,
    severity: Severity::Medium,
    claim: "No code runs in the kernel that is not part of it.",
    how: "Reads kernel.tainted: proprietary, foreign, unsigned or forced modules, and patches while it ran.",
    remedy: "Find the module by dmesg and lsmod; take it out, or build and sign it with the kernel.",
    anchors: &[isvs("3.3"), en303645("5.7-2"), cra("I.1(2)(f)"), iso("A.8.19")],
    risks: &[Risk::CustomerData, Risk::Downtime],
    room: Room::System,
    judge: tainted,
};

pub(in crate::system) const SECURE_BOOT: Check = Check {
    id: "system-boot-verified",
    item: Item::OperatingSystem,
    severity: Severity::Medium,
    claim: "The machine starts only what its owner signed.",
    how: "Reads the variable SecureBoot of the machine's firmware. A machine without UEFI has none: there it is not tried.",
    remedy: "Switch secure boot on in the firmware, with keys of your own where the product allows.",
    anchors: &[isvs("3.3"), en303645("5.7-1"), cra("I.1(2)(f)"), iso("A.8.9")],
    risks: &[Risk::PhysicalDamage, Risk::Liability],
    room: Room::System,
    judge: secure_boot,
};

pub(in crate::system) const FILE_SYSTEMS: Check = Check {
    id: "system-file-systems-barred",
    item: Item::OperatingSystem,
    severity: Severity::Low,
    claim: "The kernel reads no file systems that the product does not need: their code reads what strangers wrote.",
    how: "Looks for rare file systems in /proc/filesystems, and for modules of them that no file of modprobe.d bars.",
    remedy: "Write `install NAME /bin/false` for each into /etc/modprobe.d, or leave them out of the kernel.",
    anchors: &[en303645("5.6-6"), cra("I.1(2)(j)"), iso("A.8.9")],
    risks: &[Risk::CustomerData, Risk::Downtime],
    room: Room::System,
    judge: |scene| {
        at_hand(
            scene,
            |modules| &modules.file_systems_at_hand,
            "The kernel reads it where it is mounted.",
        )
    },
};

pub(in crate::system) const PLUGS: Check = Check {
    id: "system-plugs-barred",
    item: Item::OperatingSystem,
    severity: Severity::Low,
    claim: "A stick or cable that somebody plugs in reaches neither disk nor memory.",
    how: "Looks for modules of USB storage, FireWire and Thunderbolt that no file of modprobe.d bars.",
    remedy: "Write `install NAME /bin/false` for each into /etc/modprobe.d, or leave them out of the kernel.",
    anchors: &[isvs("3.2.2"), en303645("5.6-3"), cra("I.1(2)(j)"), iso("A.7.10")],
    risks: &[Risk::CorporateData, Risk::PhysicalDamage],
    room: Room::System,
    judge: |scene| {
        at_hand(
            scene,
            |modules| &modules.plugs_at_hand,
            "It is loaded when something is plugged in.",
        )
    },
};

fn at_hand(scene: &Scene, of: fn(&Modules) -> &Vec<&'static str>, what: &str) -> Verdict {
    part(
        scene,
        |system| &system.kernel,
        |kernel| {
            let faults =
                of(&kernel.modules).iter().map(|name| Fault::new(format!("module {name}"), what));
            Verdict::of(faults, "none of them is at hand")
        },
    )
}

fn loading(scene: &Scene) -> Verdict {
    part(
        scene,
        |system| &system.kernel,
        |kernel| {
            let modules = &kernel.modules;
            let seen = match (modules.loadable, modules.disabled) {
                (false, _) => "the kernel was built without modules",
                (true, true) => "the kernel loads no more modules until it is started again",
                (true, false) => "the kernel takes only modules with a valid signature",
            };
            Verdict::claim(
                !modules.loadable || modules.disabled || modules.signed_only,
                seen,
                || Fault::new("kernel", "Root may load any module, signed or not."),
            )
        },
    )
}

fn tainted(scene: &Scene) -> Verdict {
    part(
        scene,
        |system| &system.kernel,
        |kernel| {
            let faults = kernel
                .taints
                .iter()
                .map(|why| Fault::new("kernel", format!("Of the kernel that runs, {why}.")));
            Verdict::of(faults, "only the kernel's own code runs in it")
        },
    )
}

fn secure_boot(scene: &Scene) -> Verdict {
    part(
        scene,
        |system| &system.kernel,
        |kernel| match kernel.secure_boot {
            None => Verdict::untried(
                "no SecureBoot variable can be read: the machine has no UEFI, or /sys/firmware/efi/efivars is not mounted; \
             show by the boot loader's own means that it verifies what it starts",
            ),
            Some(on) => Verdict::claim(on, "secure boot is on", || {
                Fault::new("firmware", "Secure boot is off: whatever lies on the disk is started.")
            }),
        },
    )
}
