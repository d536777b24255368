//! That somebody answers for what the product says of itself: else all that was found would be declared.

use crate::anchor::{cra, en303645, iso, nistir};
use crate::check::{Check, Item, Severity};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::verdict::{Fault, Verdict};

pub(in crate::system) const CONFIRMED: Check = Check {
    id: "system-profile-confirmed",
    item: Item::OperatingSystem,
    severity: Severity::Medium,
    claim: "Somebody who knows the product confirmed what its profile says.",
    how: "Looks whether the profile has a name, and whether lines that were drafted are still in its list please-confirm.",
    remedy: "Draft a profile with `pintle checklist init`, read each line, correct it, and take it out of please-confirm.",
    anchors: &[cra("I.1(2)(b)"), en303645("5.6-5"), nistir("configuration"), iso("A.8.9")],
    risks: &[Risk::Liability],
    room: Room::System,
    judge: confirmed,
};

fn confirmed(scene: &Scene) -> Verdict {
    scene.system.judge(|_| {
        if scene.profile.name.is_empty() {
            let fault = Fault::new(
                "profile",
                "There is no profile, or it has no name: nothing is declared.",
            );
            return Verdict::of([fault], "");
        }
        let open = scene.profile.please_confirm.iter();
        let faults =
            open.map(|key| Fault::new(key, format!("{key} was drafted, and nobody confirmed it.")));
        Verdict::of(faults, format!("the profile of {} is confirmed", scene.profile.name))
    })
}
