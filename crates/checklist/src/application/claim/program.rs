//! Programs that run.

use super::{part, unless_hidden};
use crate::anchor::{asvs, cra, en303645, iso, isvs, nistir};
use crate::application::running::{Program, Running};
use crate::check::{Check, Item, Severity};
use crate::profile::names;
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::verdict::{Fault, Verdict};
use std::collections::BTreeSet;

pub(in crate::application) const DECLARED: Check = Check {
    id: "application-programs-declared",
    item: Item::Applications,
    severity: Severity::Medium,
    claim: "Only declared programs run.",
    how: "Reads of every process which file it was started from, and holds it against the programs of the profile.",
    remedy: "Stop the program and take it out of the image, or declare its path.",
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

pub(in crate::application) const USED: Check = Check {
    id: "application-programs-there",
    item: Item::Applications,
    severity: Severity::Low,
    claim: "Every declared program runs: the list holds none that is no more, and none has died.",
    how: "Looks for a process of each program of the profile.",
    remedy: "Start the program, or take it out of the profile.",
    anchors: &[en303645("5.9-1"), cra("I.1(2)(h)"), iso("A.8.9")],
    risks: &[Risk::Downtime],
    room: Room::Application,
    judge: used,
};

pub(in crate::application) const IN_PLACE: Check = Check {
    id: "application-programs-in-place",
    item: Item::Applications,
    severity: Severity::High,
    claim: "Every program that runs is still the file that lies on the disk, outside folders that all may write to.",
    how: "Reads the file of every process: whether it was deleted or replaced, lies in memory alone, or under /tmp, \
          /var/tmp or /dev/shm.",
    remedy: "After an update, start the program again. A program without a file, or out of /tmp, may be an intruder's: \
             keep the machine as it is and look.",
    anchors: &[
        isvs("3.3"),
        en303645("5.7-2"),
        cra("I.1(2)(f)"),
        nistir("state awareness"),
        iso("A.8.7"),
    ],
    risks: &[Risk::CustomerData, Risk::Liability, Risk::Reputation],
    room: Room::Application,
    judge: in_place,
};

pub(in crate::application) const TRACED: Check = Check {
    id: "application-programs-untraced",
    item: Item::Applications,
    severity: Severity::High,
    claim: "No program is being traced by another one.",
    how: "Reads TracerPid of every process.",
    remedy: "End the debugger: it reads all that the program knows, keys too.",
    anchors: &[en303645("5.6-4"), cra("I.1(2)(e)"), iso("A.8.18")],
    risks: &[Risk::CustomerData, Risk::PhysicalDamage],
    room: Room::Application,
    judge: traced,
};

pub(in crate::application) const ARGUMENTS: Check = Check {
    id: "application-arguments-without-secrets",
    item: Item::Applications,
    severity: Severity::High,
    claim: "No secret stands among the arguments of a program, where every user of the machine reads it.",
    how: "Reads the arguments of every process for options that are named as secrets and have a value, and for addresses \
          with a password. Values are not kept.",
    remedy: "Hand the secret over in a file that only the program's user may read, or by systemd's LoadCredential=; then \
             replace the secret.",
    anchors: &[isvs("2.3.1"), en303645("5.4-1"), cra("I.1(2)(e)"), asvs("V13"), iso("A.5.17")],
    risks: &[Risk::CustomerData, Risk::CorporateData],
    room: Room::Application,
    judge: arguments,
};

pub(in crate::application) const PRELOADED: Check = Check {
    id: "application-libraries-not-preloaded",
    item: Item::Applications,
    severity: Severity::High,
    claim: "No library is put before a program's own: nothing reads along in it.",
    how: "Reads /etc/ld.so.preload, and LD_PRELOAD in the environment of every process.",
    remedy: "Take the line or the variable out; find out who put it there.",
    anchors: &[en303645("5.7-2"), cra("I.1(2)(f)"), iso("A.8.7")],
    risks: &[Risk::CustomerData, Risk::Reputation],
    room: Room::Application,
    judge: preloaded,
};

pub(in crate::application) const LIBRARIES: Check = Check {
    id: "application-libraries-current",
    item: Item::Applications,
    severity: Severity::Medium,
    claim: "No program still uses a library that an update replaced.",
    how: "Reads what every process has mapped for libraries whose files are gone.",
    remedy: "Start the program again: until then it runs with the hole that the update closed.",
    anchors: &[en303645("5.3-1"), cra("I.1(2)(c)"), iso("A.8.8")],
    risks: &[Risk::CustomerData, Risk::Liability],
    room: Room::Application,
    judge: libraries,
};

/// Judges running programs; where some are hidden, only what is wrong with the others is known.
fn running(scene: &Scene, judge: impl FnOnce(&Running) -> Verdict) -> Verdict {
    part(scene, |found| &found.running, |found| unless_hidden(judge(found), found.hidden.as_ref()))
}

/// A fault for each program of which this is so.
fn each(scene: &Scene, seen: &str, is: fn(&Program) -> Option<String>) -> Verdict {
    running(scene, |found| {
        let faults = found.programs.iter().filter_map(|one| Some(Fault::new(&one.path, is(one)?)));
        Verdict::of(faults, format!("{} programs, {seen}", paths(found).len()))
    })
}

fn paths(found: &Running) -> BTreeSet<&str> {
    found.programs.iter().map(|program| program.path.as_str()).collect()
}

fn declared(scene: &Scene) -> Verdict {
    running(scene, |found| {
        let paths = paths(found);
        let unknown = paths.iter().filter(|path| !names(&scene.profile.programs, path));
        let faults =
            unknown.map(|path| Fault::new(*path, "It runs, and the profile does not know it."));
        Verdict::of(faults, format!("{} programs run, all declared", paths.len()))
    })
}

fn used(scene: &Scene) -> Verdict {
    running(scene, |found| {
        let runs = |pattern: &String| {
            found.programs.iter().any(|one| crate::machine::is_like(pattern, &one.path))
        };
        let missing = scene.profile.programs.iter().filter(|pattern| !runs(pattern));
        let faults =
            missing.map(|pattern| Fault::new(pattern, "It is declared, and does not run."));
        Verdict::of(
            faults,
            format!("{} programs are declared, and all run", scene.profile.programs.len()),
        )
    })
}

fn in_place(scene: &Scene) -> Verdict {
    each(scene, "all from the files that lie on the disk", |program| {
        let path = program.path.as_str();
        let anybodys =
            ["/tmp/", "/var/tmp/", "/dev/shm/"].iter().any(|folder| path.starts_with(folder));
        if path.starts_with("/memfd:") {
            Some("It runs from memory, and lies on no disk.".into())
        } else if anybodys {
            Some("It runs from a folder that everybody may write to.".into())
        } else if program.replaced {
            Some("Its file was deleted or replaced since it was started.".into())
        } else {
            None
        }
    })
}

fn traced(scene: &Scene) -> Verdict {
    each(scene, "none traced", |program| {
        program.traced.then(|| "Another program traces it.".into())
    })
}

fn arguments(scene: &Scene) -> Verdict {
    each(scene, "none with a secret among its arguments", |program| {
        (!program.secret_arguments.is_empty()).then(|| {
            format!("Everybody on the machine can read {}.", program.secret_arguments.join(", "))
        })
    })
}

fn preloaded(scene: &Scene) -> Verdict {
    running(scene, |found| {
        let of_all = found.preloaded.iter();
        let of_all =
            of_all.map(|path| Fault::new(path, "Every program loads it, by /etc/ld.so.preload."));
        let of_one = found.programs.iter().filter(|program| program.preload);
        let of_one =
            of_one.map(|program| Fault::new(&program.path, "It was started with LD_PRELOAD."));
        Verdict::of(of_all.chain(of_one), "no library is put before others")
    })
}

fn libraries(scene: &Scene) -> Verdict {
    each(scene, "none with a library that was replaced", |program| {
        (!program.old_libraries.is_empty()).then(|| {
            format!("It still uses {}, which was replaced.", program.old_libraries.join(", "))
        })
    })
}
