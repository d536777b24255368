//! Claims about a device by itself.

use super::{NEWER, REACHING, STANDING_STILL, WORKING, by_device, check};
use crate::anchor::{cra, en303645, iso, isvs};
use crate::check::{Check, Item, Severity};

const HOW: &str = "A virtual device with the agent's own slots and trust, and with a keyring pinned, is handed the update as a cloud would that checks nothing.";
const PIN: &str = "Pin the product's keyring in every device with its first firmware (`pintle device firmware install --keyring FILE`), and keep the agent up to date.";
const AGENT: &str = "Update the agent; on hardware of your own, use the two slots of `pintle-firmware` rather than a copy in place.";

pub static SOUND: Check = Check {
    claim: "A device takes an update that is sound, tries it, and keeps it once it is well.",
    how: HOW,
    remedy: AGENT,
    anchors: REACHING,
    risks: STANDING_STILL,
    ..check("update-device-sound", Severity::High, |scene| by_device(scene, &["sound"]))
};

pub static UNSIGNED: Check = Check {
    claim: "A device takes no update that nobody signed, or that was signed for another file.",
    how: HOW,
    remedy: PIN,
    ..check("update-device-unsigned", Severity::Critical, |scene| {
        by_device(scene, &["unsigned", "other-file"])
    })
};

pub static REVIEWS: Check = Check {
    item: Item::FirmwareReview,
    claim: "A device takes no update that lacks a reviewer, or that strangers signed.",
    how: HOW,
    remedy: PIN,
    anchors: &[isvs("1.3.2"), isvs("3.4.1"), en303645("5.3-10"), cra("I.1(2)(f)"), iso("A.8.28")],
    ..check("update-device-reviews", Severity::Critical, |scene| {
        by_device(scene, &["unreviewed", "strangers"])
    })
};

pub static KEYRING: Check = Check {
    claim: "A device takes no keyring in the place of its own that its own root has not signed.",
    how: HOW,
    remedy: PIN,
    anchors: &[isvs("3.4.1"), en303645("5.4-1"), cra("I.1(2)(f)"), iso("A.8.24")],
    ..check("update-device-keyring", Severity::Critical, |scene| {
        by_device(scene, &["other-keyring"])
    })
};

pub static DAMAGED: Check = Check {
    claim: "A device runs no update of which a bit was turned on the way.",
    how: HOW,
    remedy: AGENT,
    ..check("update-device-damaged", Severity::High, |scene| by_device(scene, &["turned-bit"]))
};

pub static BOARD: Check = Check {
    claim: "A device takes no update for another board.",
    how: HOW,
    remedy: AGENT,
    anchors: WORKING,
    risks: STANDING_STILL,
    ..check("update-device-board", Severity::High, |scene| by_device(scene, &["other-board"]))
};

pub static PRODUCT: Check = Check {
    claim: "A device takes no update of another product.",
    how: HOW,
    remedy: AGENT,
    anchors: WORKING,
    ..check("update-device-product", Severity::High, |scene| by_device(scene, &["other-product"]))
};

pub static ROLLBACK: Check = Check {
    claim: "A device takes nothing whose security counter is lower than that of what it ran.",
    how: HOW,
    remedy: PIN,
    anchors: NEWER,
    ..check("update-device-rollback", Severity::High, |scene| by_device(scene, &["older-counter"]))
};

pub static STATEMENT: Check = Check {
    claim: "A device takes no release that was signed before the newest one that it has seen.",
    how: HOW,
    remedy: PIN,
    anchors: NEWER,
    ..check("update-device-statement", Severity::Medium, |scene| {
        by_device(scene, &["older-statement"])
    })
};

pub static ENDED: Check = Check {
    claim: "A device takes no release whose time is over: nobody can hold it to an old one for ever.",
    how: HOW,
    remedy: PIN,
    anchors: NEWER,
    ..check("update-device-ended", Severity::Medium, |scene| by_device(scene, &["ended"]))
};

pub static TOO_LONG: Check = Check {
    claim: "A device refuses an update that is longer than its room, before it stores any of it.",
    how: HOW,
    remedy: AGENT,
    anchors: WORKING,
    risks: STANDING_STILL,
    ..check("update-device-too-long", Severity::Medium, |scene| by_device(scene, &["too-long"]))
};

pub static POWER: Check = Check {
    claim: "A device comes up on a whole image wherever in an update its power fails.",
    how: "A virtual device is updated again and again, and stops before the first write, the second, and so on to the last.",
    remedy: AGENT,
    anchors: WORKING,
    risks: STANDING_STILL,
    ..check("update-device-power", Severity::High, |scene| by_device(scene, &["power-cut"]))
};

pub static RESUMED: Check = Check {
    claim: "A transfer that was cut goes on where it was, so that a bad network does not keep updates out.",
    how: "A virtual device gets a part of an update, starts anew, and is offered it again.",
    remedy: AGENT,
    anchors: REACHING,
    risks: STANDING_STILL,
    ..check("update-device-resumed", Severity::Low, |scene| by_device(scene, &["resumed"]))
};

pub static UNWELL: Check = Check {
    claim: "A device goes back to the firmware from before when new firmware is not well, or never says that it is.",
    how: "A virtual device takes an update and finds it not well; another starts one again and again that says nothing.",
    remedy: AGENT,
    anchors: WORKING,
    risks: STANDING_STILL,
    ..check("update-device-unwell", Severity::High, |scene| {
        by_device(scene, &["unwell", "never-well"])
    })
};

pub static REJECTED: Check = Check {
    claim: "A device does not try again what it once fell back from.",
    how: "A virtual device that fell back is offered the same update again.",
    remedy: AGENT,
    anchors: WORKING,
    risks: STANDING_STILL,
    ..check("update-device-rejected", Severity::Medium, |scene| {
        by_device(scene, &["once-rejected"])
    })
};
