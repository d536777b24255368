//! Claims about what a node lets out, and what it counts.

use super::{NEWER, REACHING, STANDING_STILL, WORKING, by_cloud, check};
use crate::anchor::{cra, en303645, iso, isvs, nistir};
use crate::check::{Check, Item, Severity};

const HOW: &str = "On a twin of the node, somebody with a fresh second factor tries it on a scratch product with a keyring and a virtual device.";
const NODE: &str = "Update Pintle; set a keyring for every product (`pintle product keyring`), so that the node has something to check against.";

pub static SOUND: Check = Check {
    claim: "A sound update reaches a device through the node, is confirmed by it, and can then be released.",
    how: HOW,
    remedy: NODE,
    anchors: REACHING,
    risks: STANDING_STILL,
    ..check("update-cloud-sound", Severity::High, |scene| by_cloud(scene, &["sound"]))
};

pub static COUNTED: Check = Check {
    claim: "The node counts an update only when the new image itself has reported in.",
    how: "A virtual device holds its word back while new firmware is on trial; the node is asked meanwhile.",
    remedy: "Update Pintle; until then count devices by what they report, and not by what was sent.",
    anchors: &[
        en303645("5.3-11"),
        cra("I.2(7)"),
        nistir("cybersecurity state awareness"),
        iso("A.8.15"),
    ],
    risks: STANDING_STILL,
    ..check("update-cloud-counted", Severity::Medium, |scene| by_cloud(scene, &["counted"]))
};

pub static DAMAGED: Check = Check {
    claim: "The node takes in no file that is damaged, and sends none.",
    how: HOW,
    remedy: NODE,
    anchors: WORKING,
    ..check("update-cloud-damaged", Severity::High, |scene| by_cloud(scene, &["damaged"]))
};

pub static ELSEWHERE: Check = Check {
    claim: "The node sends a device no file for another board or another product.",
    how: HOW,
    remedy: NODE,
    anchors: WORKING,
    ..check("update-cloud-elsewhere", Severity::High, |scene| {
        by_cloud(scene, &["other-board", "other-product"])
    })
};

pub static UNSIGNED: Check = Check {
    claim: "The node sends a device of a product with a keyring nothing that nobody signed.",
    how: HOW,
    remedy: NODE,
    ..check("update-cloud-unsigned", Severity::Critical, |scene| by_cloud(scene, &["unsigned"]))
};

pub static REVIEWS: Check = Check {
    item: Item::FirmwareReview,
    claim: "The node releases and sends nothing that lacks a reviewer, or that strangers signed.",
    how: HOW,
    remedy: NODE,
    anchors: &[isvs("1.3.2"), en303645("5.3-10"), cra("I.1(2)(f)"), iso("A.8.28"), iso("A.5.3")],
    ..check("update-cloud-reviews", Severity::Critical, |scene| {
        by_cloud(scene, &["unreviewed", "strangers"])
    })
};

pub static NEVER_RUN: Check = Check {
    claim: "The node releases no version that no device has run.",
    how: HOW,
    remedy: NODE,
    anchors: &[isvs("1.3.1"), cra("I.2(3)"), iso("A.8.29"), iso("A.8.32")],
    risks: STANDING_STILL,
    ..check("update-cloud-never-run", Severity::Medium, |scene| by_cloud(scene, &["never-run"]))
};

pub static ROLLBACK: Check = Check {
    claim: "The node sends nothing whose security counter is lower than that of what was released.",
    how: HOW,
    remedy: NODE,
    anchors: NEWER,
    ..check("update-cloud-rollback", Severity::High, |scene| by_cloud(scene, &["older-counter"]))
};

pub static UNWELL: Check = Check {
    claim: "The node knows that a device fell back, and releases to nobody what no device found well.",
    how: "A virtual device is sent an update that it finds not well; the node is asked what runs there, and to release it.",
    remedy: NODE,
    anchors: WORKING,
    risks: STANDING_STILL,
    ..check("update-cloud-unwell", Severity::High, |scene| by_cloud(scene, &["unwell"]))
};
