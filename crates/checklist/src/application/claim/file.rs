//! Files that carry rights, and files that others may write.

use super::{part, unless_hidden};
use crate::anchor::{cra, en303645, iso, isvs};
use crate::application::files::{Files, Kept};
use crate::check::{Check, Item, Severity};
use crate::profile::names;
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::verdict::{Fault, Verdict};

pub(in crate::application) const SET_UID: Check = Check {
    id: "application-set-uid-declared",
    item: Item::Applications,
    severity: Severity::High,
    claim: "Only declared programs run with the rights of their owner or group.",
    how: "Walks over all files on the disks for set-uid and set-gid programs.",
    remedy: "Take the bit off (`chmod u-s,g-s FILE`), or declare the file in host.set-uid.",
    anchors: &[isvs("2.2.2"), en303645("5.6-7"), cra("I.1(2)(k)"), iso("A.8.18")],
    risks: &[Risk::CustomerData, Risk::CorporateData],
    room: Room::Application,
    judge: set_uid,
};

pub(in crate::application) const CAPABILITIES: Check = Check {
    id: "application-capabilities-declared",
    item: Item::Applications,
    severity: Severity::Medium,
    claim: "Only declared programs get capabilities from their files.",
    how: "Walks over all programs on the disks for the attribute security.capability.",
    remedy: "Take the attribute off (`setcap -r FILE`), or declare the file in host.capabilities.",
    anchors: &[isvs("2.2.2"), en303645("5.6-7"), cra("I.1(2)(k)"), iso("A.8.18")],
    risks: &[Risk::CustomerData, Risk::CorporateData],
    room: Room::Application,
    judge: capabilities,
};

pub(in crate::application) const WRITABLE: Check = Check {
    id: "application-files-not-writable",
    item: Item::Applications,
    severity: Severity::Medium,
    claim: "No file can be written by everybody, and from no folder can everybody take others' files.",
    how: "Walks over all files and folders on the disks and reads their modes. Folders with the sticky bit are meant for all.",
    remedy: "Take the permission off (`chmod o-w FILE`); give a shared folder the sticky bit (`chmod +t FOLDER`).",
    anchors: &[isvs("2.2.2"), en303645("5.6-7"), cra("I.1(2)(f)"), iso("A.8.3")],
    risks: &[Risk::CorporateData],
    room: Room::Application,
    judge: writable,
};

pub(in crate::application) const OWNERLESS: Check = Check {
    id: "application-files-owned",
    item: Item::Applications,
    severity: Severity::Low,
    claim: "Every file belongs to an account that is there: whoever gets a number next does not inherit files.",
    how: "Walks over all files on the disks and looks for their owners in /etc/passwd.",
    remedy: "Give the files to an account (`chown`), or remove them.",
    anchors: &[en303645("5.6-7"), cra("I.1(2)(d)"), iso("A.5.18")],
    risks: &[Risk::CorporateData],
    room: Room::Application,
    judge: ownerless,
};

fn walked(scene: &Scene, judge: impl FnOnce(&Files) -> Verdict) -> Verdict {
    part(scene, |found| &found.files, |found| unless_hidden(judge(found), found.hidden.as_ref()))
}

fn undeclared(list: &[String], found: &[String], what: &str) -> Verdict {
    let faults = found.iter().filter(|path| !names(list, path)).map(|path| Fault::new(path, what));
    Verdict::of(faults, format!("{} such files, all declared", found.len()))
}

fn set_uid(scene: &Scene) -> Verdict {
    walked(scene, |found| {
        let what = "Whoever runs it has the rights of its owner or group, and the profile does not know it.";
        undeclared(&scene.profile.host.set_uid, &found.set_uid, what)
    })
}

fn capabilities(scene: &Scene) -> Verdict {
    walked(scene, |found| {
        let what = "Whoever runs it gets capabilities, and the profile does not know it.";
        undeclared(&scene.profile.host.capabilities, &found.capable, what)
    })
}

fn kept(found: &Kept, what: &str, seen: &str) -> Verdict {
    let faults = found.first.iter().map(|path| Fault::new(path, what));
    let more =
        found.more.then(|| Fault::new("and more", "There are more of them: these are the first."));
    Verdict::of(faults.chain(more), seen)
}

fn writable(scene: &Scene) -> Verdict {
    walked(scene, |found| {
        kept(&found.writable, "Everybody may write it.", "nothing can be written by everybody")
    })
}

fn ownerless(scene: &Scene) -> Verdict {
    walked(scene, |found| {
        kept(&found.ownerless, "Its owner has no account.", "every file has an owner")
    })
}
