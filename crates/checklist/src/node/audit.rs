//! The audit log: that it is as it was written, that its end is known elsewhere, that it goes back far enough.

use crate::anchor::{asvs, cra, en303645, iso, isvs, nistir};
use crate::check::{Check, Item, Severity};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::verdict::{Fault, Verdict};
use serde::{Deserialize, Serialize};

/// How long entries are to be kept, in days.
const KEPT_DAYS: u16 = 180;

/// What came of verifying it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// What is wrong in it, in the verifier's words; nothing where each entry is as it was written.
    pub findings: Vec<String>,
    /// Whether its heads were compared with those that were carried elsewhere.
    pub heads_compared: bool,
}

/// Each entry is as it was written.
pub(super) const CHAIN: Check = Check {
    id: "node-audit-chain",
    item: Item::Cloud,
    severity: Severity::High,
    claim: "The audit log is whole: every entry is as it was written, and signed.",
    how: "Verifies the hash chain and the signatures of the whole log, offline, and against the heads that were carried elsewhere where there are some.",
    remedy: "Somebody wrote into the store. Keep a copy of it as evidence, find out who had the machine, and restore a backup.",
    anchors: &[
        isvs("1.4"),
        cra("I.1(2)(l)"),
        asvs("V16.4"),
        nistir("cybersecurity state awareness"),
        iso("A.8.15"),
    ],
    risks: &[Risk::Liability, Risk::CorporateData],
    room: Room::Node,
    judge: chain,
};

/// Its end is known elsewhere.
pub(super) const HEADS: Check = Check {
    id: "node-audit-heads",
    item: Item::Cloud,
    severity: Severity::Low,
    claim: "The newest heads of the audit log are carried out of the data folder, so that cutting its end off is found.",
    how: "Reads [audit] heads from the configuration in effect, and whether it leads out of the data folder.",
    remedy: "Set [audit] heads to a file on another machine's disk.",
    anchors: &[cra("I.1(2)(l)"), asvs("V16.4"), iso("A.8.15")],
    risks: &[Risk::Liability],
    room: Room::Node,
    judge: heads,
};

/// It goes back far enough.
pub(super) const KEPT: Check = Check {
    id: "node-audit-kept",
    item: Item::Cloud,
    severity: Severity::Low,
    claim: "Entries of the audit log are kept for half a year at least.",
    how: "Reads [audit] keep_days from the configuration in effect.",
    remedy: "Take keep_days out of [audit], or set it to 180 or more: break-ins are often found months later.",
    anchors: &[en303645("5.10-1"), cra("I.1(2)(l)"), asvs("V16.1"), iso("A.8.15")],
    risks: &[Risk::Liability],
    room: Room::Node,
    judge: kept,
};

fn chain(scene: &Scene) -> Verdict {
    scene.node.judge(|node| {
        node.audit.judge(|audit| {
            let faults = audit.findings.iter().map(|finding| Fault::new("the audit log", finding.clone()));
            let seen = match audit.heads_compared {
                true => "every entry is as it was written, and the heads that were carried elsewhere are among them",
                false => "every entry is as it was written",
            };
            Verdict::of(faults, seen)
        })
    })
}

fn heads(scene: &Scene) -> Verdict {
    scene.node.judge(|node| {
        node.settings.judge(|settings| match &settings.audit_heads {
            None => Verdict::of(
                [Fault::new("[audit] heads", "heads of the audit log are carried nowhere")],
                "",
            ),
            Some(path) => Verdict::claim(
                !path.starts_with(&settings.data),
                "heads are carried out of the data folder",
                || {
                    Fault::new(
                        "[audit] heads",
                        "the heads lie in the data folder, beside the log that they vouch for",
                    )
                },
            ),
        })
    })
}

fn kept(scene: &Scene) -> Verdict {
    scene.node.judge(|node| {
        node.settings.judge(|settings| match settings.audit_keep_days {
            None => Verdict::holds("entries are kept for ever"),
            Some(days) => Verdict::claim(
                days >= KEPT_DAYS,
                format!("entries are kept for {days} days"),
                || {
                    Fault::new(
                        "[audit] keep_days",
                        format!("entries are removed after {days} days"),
                    )
                },
            ),
        })
    })
}
