//! Mounted file systems.

use crate::anchor::{cra, en303645, iso, isvs, nistir};
use crate::check::{Check, Item, Severity};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::system::claim::part;
use crate::system::mount::Mount;
use crate::verdict::{Fault, Verdict};

/// Folders that every user may write to.
const TEMPORARY: [&str; 3] = ["/tmp", "/var/tmp", "/dev/shm"];
/// File systems that hold what starts the machine: they cannot be encrypted.
const STARTING: [&str; 4] = ["/boot", "/boot/efi", "/boot/firmware", "/efi"];

pub(in crate::system) const TEMPORARY_MOUNTS: Check = Check {
    id: "system-mounts-temporary",
    item: Item::OperatingSystem,
    severity: Severity::Low,
    claim: "In folders that every user may write to, nothing is a device and nothing runs with another's rights.",
    how: "Reads the options of the file systems that /tmp, /var/tmp and /dev/shm lie on.",
    remedy: "Mount each as a file system of its own with nosuid and nodev, with noexec where nothing builds or unpacks there.",
    anchors: &[isvs("2.2.2"), en303645("5.6-7"), cra("I.1(2)(k)"), iso("A.8.9")],
    risks: &[Risk::CorporateData],
    room: Room::System,
    judge: temporary,
};

pub(in crate::system) const OTHERS: Check = Check {
    id: "system-mounts-of-others",
    item: Item::OperatingSystem,
    severity: Severity::Medium,
    claim: "File systems that others write (of the network, of users) cannot bring devices or programs with rights.",
    how: "Looks for mounts of network and user file systems without nosuid and nodev.",
    remedy: "Mount them with nosuid,nodev, with noexec too where no programs lie there.",
    anchors: &[en303645("5.6-7"), cra("I.1(2)(k)"), iso("A.8.20")],
    risks: &[Risk::CorporateData, Risk::Liability],
    room: Room::System,
    judge: of_others,
};

pub(in crate::system) const ENCRYPTED: Check = Check {
    id: "system-disk-encrypted",
    item: Item::OperatingSystem,
    severity: Severity::Medium,
    claim: "What lies on the machine's disks, swapped memory too, cannot be read without the machine's key.",
    how: "Follows each mounted file system and swap space down to its device, and looks for dm-crypt on the way. A disk \
          that is encrypted beneath a virtual machine, or by its own controller, cannot be seen from inside.",
    remedy: "Put file systems and swap on LUKS, its key sealed by a TPM or given at the start; where the layer beneath \
             encrypts, accept the finding and say who answers for it.",
    anchors: &[
        isvs("2.3.1"),
        isvs("2.4.4"),
        en303645("5.4-1"),
        cra("I.1(2)(e)"),
        nistir("data protection"),
        iso("A.8.24"),
        iso("A.7.10"),
    ],
    risks: &[Risk::CustomerData, Risk::CorporateData],
    room: Room::System,
    judge: encrypted,
};

pub(in crate::system) const PROCESSES: Check = Check {
    id: "system-processes-hidden",
    item: Item::OperatingSystem,
    severity: Severity::Low,
    claim: "A user of the machine does not see what others run.",
    how: "Reads the option hidepid of /proc.",
    remedy: "Mount /proc with hidepid=invisible, or give services ProtectProc=invisible and let nobody else log in.",
    anchors: &[isvs("2.2.2"), en303645("5.6-2"), cra("I.1(2)(e)"), iso("A.8.3")],
    risks: &[Risk::CorporateData],
    room: Room::System,
    judge: processes,
};

pub(in crate::system) const SEPARATE: Check = Check {
    id: "system-mounts-separate",
    item: Item::OperatingSystem,
    severity: Severity::Low,
    claim: "Whoever fills a folder with files does not fill the system's own disk.",
    how: "Reads whether /tmp, /var and /home lie on other file systems than the system itself.",
    remedy: "Give each a file system of its own; /tmp one in memory.",
    anchors: &[en303645("5.9-1"), cra("I.1(2)(h)"), iso("A.8.6")],
    risks: &[Risk::Downtime],
    room: Room::System,
    judge: separate,
};

fn separate(scene: &Scene) -> Verdict {
    part(
        scene,
        |system| &system.mounts,
        |mounts| {
            let with_the_system = ["/tmp", "/var", "/home"].into_iter().filter(|folder| {
                mounts.of(folder).is_some_and(|mount| mount.point == "/" && !mount.has("ro"))
            });
            let faults = with_the_system.map(|folder| {
                Fault::new(folder, "It shares its space with the system's own files.")
            });
            Verdict::of(faults, "/tmp, /var and /home have space of their own")
        },
    )
}

fn processes(scene: &Scene) -> Verdict {
    part(
        scene,
        |system| &system.mounts,
        |mounts| {
            let hides = |option: &String| {
                matches!(
                    option.strip_prefix("hidepid="),
                    Some("1" | "2" | "4" | "noaccess" | "invisible" | "ptraceable")
                )
            };
            let hidden = mounts
                .mounted
                .iter()
                .any(|mount| mount.point == "/proc" && mount.options.iter().any(hides));
            Verdict::claim(hidden, "/proc hides what other users run", || {
                Fault::new("/proc", "Every user sees all processes and their arguments.")
            })
        },
    )
}

fn temporary(scene: &Scene) -> Verdict {
    part(
        scene,
        |system| &system.mounts,
        |mounts| {
            let faults = TEMPORARY.iter().filter_map(|folder| {
                let missing = missing(mounts.of(folder)?);
                (!missing.is_empty()).then(|| {
                    Fault::new(
                        *folder,
                        format!("{folder} lies on a file system without {missing}."),
                    )
                })
            });
            Verdict::of(faults, "/tmp, /var/tmp and /dev/shm have nosuid and nodev")
        },
    )
}

fn of_others(scene: &Scene) -> Verdict {
    part(
        scene,
        |system| &system.mounts,
        |mounts| {
            let others = mounts.mounted.iter().filter(|mount| mount.is_of_others());
            let faults = others.clone().filter(|mount| !missing(mount).is_empty()).map(|mount| {
                Fault::new(
                    &mount.point,
                    format!("{} is mounted there without {}.", mount.kind, missing(mount)),
                )
            });
            Verdict::of(
                faults,
                format!(
                    "{} file systems that others write, all with nosuid and nodev",
                    others.count()
                ),
            )
        },
    )
}

/// Which of nosuid and nodev a mount does not have.
fn missing(mount: &Mount) -> String {
    let missing: Vec<&str> =
        ["nosuid", "nodev"].into_iter().filter(|option| !mount.has(option)).collect();
    missing.join(" and ")
}

fn encrypted(scene: &Scene) -> Verdict {
    part(
        scene,
        |system| &system.mounts,
        |mounts| {
            let open = mounts.mounted.iter().filter(|mount| {
                mount.encrypted == Some(false)
                    && !mount.has("ro")
                    && !STARTING.contains(&mount.point.as_str())
            });
            let files = open.map(|mount| {
                Fault::new(&mount.point, format!("Its {} lies on a disk in the clear.", mount.kind))
            });
            let swaps = mounts.swaps.iter().filter(|swap| swap.encrypted == Some(false));
            let swaps =
                swaps.map(|swap| Fault::new(&swap.path, "Memory is swapped there in the clear."));
            Verdict::of(
                files.chain(swaps),
                "every file system that is written, and swap, lies on an encrypted disk",
            )
        },
    )
}
