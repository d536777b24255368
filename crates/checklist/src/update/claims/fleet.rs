//! Claims about the target's own devices, by their own word.

use super::{REACHING, STANDING_STILL, check};
use crate::anchor::{cra, en303645, iso, nistir};
use crate::check::{Check, Severity};
use crate::scene::Scene;
use crate::survey::Share;
use crate::verdict::{Fault, Verdict};

const HOW: &str = "The node's survey says what each device last reported since its last Hello, and what is released to it.";

pub static CURRENT: Check = Check {
    claim: "As many devices run what is released to them, by their own word, as the product's policy asks for.",
    how: HOW,
    remedy: "Look at `pintle rollout status` for what holds devices back, and go on with the rollout.",
    anchors: REACHING,
    ..check("update-fleet-current", Severity::Medium, |scene| {
        let least = u64::from(scene.profile.update.current_percent);
        each(scene, |share| {
            let percent = u64::from(share.confirmed) * 100 / u64::from(share.due.max(1));
            let Share { confirmed, due, .. } = share;
            (percent < least).then(|| {
                format!("{confirmed} of {due} devices run what is released to them, and the policy asks for {least} %")
            })
        })
    })
};

pub static FELL_BACK: Check = Check {
    claim: "No device is back on its firmware from before because what is released to it was not well there.",
    how: HOW,
    remedy: "Find out from each device named here why it fell back, and release what is well there.",
    anchors: &[en303645("5.3-2"), en303645("5.9-1"), cra("I.1(2)(c)"), iso("A.8.8")],
    risks: STANDING_STILL,
    ..check("update-fleet-fell-back", Severity::Medium, |scene| {
        each(scene, |share| named("fell back", &share.fell_back))
    })
};

pub static SILENT: Check = Check {
    claim: "Every device that something is released to has said what it runs.",
    how: HOW,
    remedy: "Find out what became of each device named here: it cannot be updated, and nobody knows what it runs.",
    anchors: &[
        en303645("5.3-2"),
        nistir("cybersecurity state awareness"),
        cra("I.2(1)"),
        iso("A.5.9"),
    ],
    risks: STANDING_STILL,
    ..check("update-fleet-silent", Severity::Low, |scene| {
        each(scene, |share| named("never said since its last Hello what it runs", &share.silent))
    })
};

fn each(scene: &Scene, wrong: impl Fn(&Share) -> Option<String>) -> Verdict {
    scene.update.judge(|found| {
        found.fleet.judge(|shares| {
            let due: Vec<_> = shares.iter().filter(|share| share.due > 0).collect();
            if due.is_empty() {
                return Verdict::untried("nothing is released to any device yet");
            }
            let fault = |share: &&Share| Some(Fault::new(&share.slug, wrong(share)?));
            Verdict::of(due.iter().filter_map(fault), format!("{} products", due.len()))
        })
    })
}

/// So many of them, and the first few by name.
fn named(what: &str, devices: &[String]) -> Option<String> {
    const FEW: usize = 5;
    let first: Vec<_> = devices.iter().take(FEW).map(String::as_str).collect();
    let more = devices.len().saturating_sub(FEW);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    (!first.is_empty()).then(|| format!("{what}: {}{more}", first.join(", ")))
}
