//! Hardening of the kernel: what it keeps programs from doing to it and to each other.

use super::setting::{needed, settings, where_there};
use crate::anchor::{cra, en303645, iso, isvs, nistir};
use crate::check::{Check, Item, Severity};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::system::claim::part;
use crate::system::kernel::Setting;
use crate::verdict::{Fault, Verdict};

pub(in crate::system) const ADDRESSES: Check = Check {
    id: "system-kernel-addresses",
    item: Item::OperatingSystem,
    severity: Severity::Medium,
    claim: "Programs lie at addresses that an attacker cannot guess, and none may map the first page.",
    how: "Reads kernel.randomize_va_space and vm.mmap_min_addr.",
    remedy: "Set kernel.randomize_va_space = 2 and vm.mmap_min_addr = 65536 in /etc/sysctl.d (4096 at the least).",
    anchors: &[isvs("3.3"), en303645("5.6-8"), cra("I.1(2)(k)"), iso("A.8.9")],
    risks: &[Risk::CustomerData, Risk::PhysicalDamage],
    room: Room::System,
    judge: addresses,
};

pub(in crate::system) const POINTERS: Check = Check {
    id: "system-kernel-pointers",
    item: Item::OperatingSystem,
    severity: Severity::Low,
    claim: "The kernel tells programs neither its addresses nor its messages.",
    how: "Reads kernel.kptr_restrict, kernel.dmesg_restrict and kernel.perf_event_paranoid.",
    remedy: "Set kernel.kptr_restrict = 2, kernel.dmesg_restrict = 1 and kernel.perf_event_paranoid = 3 in /etc/sysctl.d.",
    anchors: &[isvs("3.3"), en303645("5.6-2"), cra("I.1(2)(k)")],
    risks: &[Risk::CorporateData],
    room: Room::System,
    judge: pointers,
};

pub(in crate::system) const TRACING: Check = Check {
    id: "system-kernel-tracing",
    item: Item::OperatingSystem,
    severity: Severity::Medium,
    claim: "A program cannot read the memory of another one of the same user.",
    how: "Reads kernel.yama.ptrace_scope.",
    remedy: "Set kernel.yama.ptrace_scope = 1 or more in /etc/sysctl.d; build the kernel with Yama where it is missing.",
    anchors: &[isvs("2.2.2"), en303645("5.6-7"), cra("I.1(2)(k)"), iso("A.8.18")],
    risks: &[Risk::CustomerData],
    room: Room::System,
    judge: tracing,
};

pub(in crate::system) const BPF: Check = Check {
    id: "system-kernel-bpf",
    item: Item::OperatingSystem,
    severity: Severity::Medium,
    claim: "Programs without rights cannot have the kernel run code of theirs.",
    how: "Reads kernel.unprivileged_bpf_disabled, net.core.bpf_jit_harden and dev.tty.ldisc_autoload.",
    remedy: "Set kernel.unprivileged_bpf_disabled = 1, net.core.bpf_jit_harden = 2 and dev.tty.ldisc_autoload = 0 in \
             /etc/sysctl.d.",
    anchors: &[isvs("3.3"), en303645("5.6-7"), cra("I.1(2)(j)")],
    risks: &[Risk::CustomerData, Risk::Downtime],
    room: Room::System,
    judge: bpf,
};

pub(in crate::system) const LINKS: Check = Check {
    id: "system-kernel-links",
    item: Item::OperatingSystem,
    severity: Severity::Medium,
    claim: "Nobody can lead a program astray by links or pipes in a folder that all may write to.",
    how: "Reads fs.protected_symlinks, fs.protected_hardlinks, fs.protected_fifos and fs.protected_regular.",
    remedy: "Set the first two to 1 and the last two to 2 in /etc/sysctl.d.",
    anchors: &[isvs("2.2.2"), en303645("5.6-7"), cra("I.1(2)(k)")],
    risks: &[Risk::CorporateData],
    room: Room::System,
    judge: links,
};

pub(in crate::system) const CORES: Check = Check {
    id: "system-kernel-cores",
    item: Item::OperatingSystem,
    severity: Severity::Low,
    claim: "The memory of a program with rights that crashed is not written where others can read it.",
    how: "Reads fs.suid_dumpable and kernel.core_pattern: cores go nowhere, or to a program by its path.",
    remedy: "Set fs.suid_dumpable = 0, and kernel.core_pattern to a collector (|/path) or to |/bin/false.",
    anchors: &[en303645("5.4-1"), cra("I.1(2)(e)"), iso("A.8.9")],
    risks: &[Risk::CustomerData],
    room: Room::System,
    judge: cores,
};

pub(in crate::system) const REPLACED: Check = Check {
    id: "system-kernel-replaced",
    item: Item::OperatingSystem,
    severity: Severity::Low,
    claim: "The kernel that runs cannot be replaced by another without a restart, nor commanded from a keyboard.",
    how: "Reads kernel.kexec_load_disabled and kernel.sysrq, where the kernel has them.",
    remedy: "Set kernel.kexec_load_disabled = 1 and kernel.sysrq = 0 in /etc/sysctl.d, or build the kernel without them.",
    anchors: &[en303645("5.7-1"), en303645("5.6-4"), cra("I.1(2)(f)"), nistir("logical access")],
    risks: &[Risk::PhysicalDamage, Risk::Downtime],
    room: Room::System,
    judge: replaced,
};

fn addresses(scene: &Scene) -> Verdict {
    settings(
        scene,
        &[
            needed("kernel/randomize_va_space", |is| is >= 2, "2"),
            needed("vm/mmap_min_addr", |is| is >= 4096, "4096 or more"),
        ],
    )
}

fn pointers(scene: &Scene) -> Verdict {
    settings(
        scene,
        &[
            needed("kernel/kptr_restrict", |is| is >= 1, "1 or 2"),
            needed("kernel/dmesg_restrict", |is| is == 1, "1"),
            where_there("kernel/perf_event_paranoid", |is| is >= 2, "2 or more"),
        ],
    )
}

fn tracing(scene: &Scene) -> Verdict {
    settings(scene, &[needed("kernel/yama/ptrace_scope", |is| is >= 1, "1 or more")])
}

fn bpf(scene: &Scene) -> Verdict {
    settings(
        scene,
        &[
            where_there("kernel/unprivileged_bpf_disabled", |is| is >= 1, "1 or 2"),
            where_there("net/core/bpf_jit_harden", |is| is >= 1, "1 or 2"),
            where_there("dev/tty/ldisc_autoload", |is| is == 0, "0"),
        ],
    )
}

fn links(scene: &Scene) -> Verdict {
    settings(
        scene,
        &[
            needed("fs/protected_symlinks", |is| is == 1, "1"),
            needed("fs/protected_hardlinks", |is| is == 1, "1"),
            needed("fs/protected_fifos", |is| is >= 1, "1 or 2"),
            needed("fs/protected_regular", |is| is >= 1, "1 or 2"),
        ],
    )
}

fn cores(scene: &Scene) -> Verdict {
    part(
        scene,
        |system| &system.kernel,
        |kernel| {
            let dumpable = kernel.number("fs/suid_dumpable").is_some_and(|is| is != 0);
            let to_a_file = match kernel.settings.get("kernel/core_pattern") {
                Some(Setting::Is(pattern)) => !pattern.is_empty() && !pattern.starts_with('|'),
                _ => false,
            };
            let faults = [
                dumpable.then(|| {
                    Fault::new(
                        "fs.suid_dumpable",
                        "Programs with the rights of others leave cores behind.",
                    )
                }),
                to_a_file.then(|| {
                    Fault::new(
                        "kernel.core_pattern",
                        "Cores are written as files, wherever a program that crashes is at work.",
                    )
                }),
            ];
            Verdict::of(
                faults.into_iter().flatten(),
                "cores of programs with rights are not written to files",
            )
        },
    )
}

fn replaced(scene: &Scene) -> Verdict {
    settings(
        scene,
        &[
            where_there("kernel/kexec_load_disabled", |is| is == 1, "1"),
            // 16 is the one key that saves what is not written yet.
            where_there("kernel/sysrq", |is| is == 0 || is == 16, "0"),
        ],
    )
}
