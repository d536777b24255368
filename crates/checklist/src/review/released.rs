//! What is released: that everybody signed who has to, about this very file, and that it counts for a while.

use super::{Image, NO_RELEASE, Review, Reviewed, SOON_SECONDS, name};
use crate::anchor::{asvs, cra, en303645, iso, isvs};
use crate::check::{Check, Item, Severity};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::verdict::{Fault, Verdict};

/// Every released image is signed as its keyring asks.
pub(super) const SIGNED: Check = Check {
    id: "review-released-signed",
    item: Item::FirmwareReview,
    severity: Severity::Critical,
    claim: "Every image that is released was signed by its releasers and reviewers, about the very file that lies there.",
    how: "Has the node hash each released file, and verifies every signature in the statement over that hash with the keys of the keyring in force.",
    remedy: "Withdraw the release, have the image reviewed and signed (`pintle release sign`, `pintle release review`), and upload it with its statement.",
    anchors: &[
        isvs("1.3"),
        isvs("3.4"),
        en303645("5.3-9"),
        cra("I.1(2)(f)"),
        asvs("V15.1"),
        iso("A.8.32"),
    ],
    risks: &[Risk::PhysicalDamage, Risk::Liability, Risk::Reputation],
    room: Room::Review,
    judge: signed,
};

/// And counts for a while.
pub(super) const IN_TIME: Check = Check {
    id: "review-released-in-time",
    item: Item::FirmwareReview,
    severity: Severity::Medium,
    claim: "No signed release in force ends within a month: devices would refuse it then.",
    how: "Compares when each signed release in force ends with the day of this run.",
    remedy: "Have the image signed anew with a later end, and upload the statement.",
    anchors: &[isvs("3.4"), en303645("5.3-2"), cra("I.2(7)"), iso("A.8.32")],
    risks: &[Risk::Downtime],
    room: Room::Review,
    judge: in_time,
};

fn released(review: &Review) -> impl Iterator<Item = (&Reviewed, &Image)> {
    let each = review.products.iter();
    each.flat_map(|product| product.images.iter().map(move |image| (product, image)))
        .filter(|(_, image)| image.released)
}

fn subject(product: &Reviewed, image: &Image) -> String {
    format!("{}, version {}", name(product), image.version)
}

fn signed(scene: &Scene) -> Verdict {
    scene.review.judge(|review| {
        let faults = released(review).filter_map(|(product, image)| {
            let why = image.fault.as_ref().or(image.signed.as_ref().err())?;
            Some(Fault::new(
                subject(product, image),
                format!("is released: {why} (SHA-256 {})", image.sha256),
            ))
        });
        Verdict::of_each(
            released(review).count(),
            NO_RELEASE,
            faults,
            format!("{} released images, each signed by all who have to", released(review).count()),
        )
    })
}

fn in_time(scene: &Scene) -> Verdict {
    scene.review.judge(|review| {
        let soon = scene.now_ms / 1_000 + SOON_SECONDS;
        let faults = released(review).filter_map(|(product, image)| {
            let signed = image.signed.as_ref().ok()?;
            (signed.expiry <= soon).then(|| {
                Fault::new(
                    subject(product, image),
                    "what was signed about it has ended, or ends within a month",
                )
            })
        });
        Verdict::of_each(
            released(review).count(),
            NO_RELEASE,
            faults,
            format!(
                "{} released images, none of whose statements ends within a month",
                released(review).count()
            ),
        )
    })
}
