//! Keyrings: that there is one, that it asks for reviewers, that it can be replaced, and in time.

use super::{NO_KEYRING, NO_PRODUCT, NO_RELEASE, Review, Reviewed, Ring, SOON_SECONDS, name};
use crate::anchor::{asvs, cra, en303645, iso, isvs};
use crate::check::{Check, Item, Severity};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::verdict::{Fault, Verdict};

/// Somebody has to sign.
pub(super) const SET: Check = Check {
    id: "review-keyring-set",
    item: Item::FirmwareReview,
    severity: Severity::High,
    claim: "Every product that releases firmware has a keyring, so nothing is released that was not signed.",
    how: "Looks in the node's survey for products with a release and without a keyring.",
    remedy: "Make a keyring with `pintle keyring new`, keep its keys off the server, set it, and sign the releases in force.",
    anchors: &[isvs("3.4"), en303645("5.3-10"), cra("I.1(2)(f)"), iso("A.8.28")],
    risks: &[Risk::PhysicalDamage, Risk::Liability],
    room: Room::Review,
    judge: set,
};

/// Somebody has to have looked.
pub(super) const TWO_PAIRS_OF_EYES: Check = Check {
    id: "review-two-pairs-of-eyes",
    item: Item::FirmwareReview,
    severity: Severity::High,
    claim: "Every keyring asks for a reviewer beside whoever releases.",
    how: "Reads the thresholds of each keyring in force, which the product's root keys signed.",
    remedy: "Make the next keyring with a review key and a threshold of one or more, and have it signed by the root keys.",
    anchors: &[isvs("1.3"), cra("I.2(3)"), asvs("V15.1"), iso("A.8.25")],
    risks: &[Risk::PhysicalDamage, Risk::Reputation],
    room: Room::Review,
    judge: two_pairs_of_eyes,
};

/// A lost root key is no end.
pub(super) const ROOTS: Check = Check {
    id: "review-root-spare",
    item: Item::FirmwareReview,
    severity: Severity::Low,
    claim: "Every keyring has a root key more than have to sign: one may be lost.",
    how: "Counts the root keys of each keyring in force against their threshold.",
    remedy: "Make the next keyring with another root key, kept elsewhere: without enough of them no keyring can ever follow.",
    anchors: &[isvs("3.4"), iso("A.8.24"), iso("A.5.30")],
    risks: &[Risk::Downtime],
    room: Room::Review,
    judge: roots,
};

/// It does not end soon.
pub(super) const IN_TIME: Check = Check {
    id: "review-keyring-in-time",
    item: Item::FirmwareReview,
    severity: Severity::Medium,
    claim: "No keyring ends within a month: after that nothing can be released.",
    how: "Compares when each keyring in force ends with the day of this run.",
    remedy: "Have the root keys sign the next keyring, and set it.",
    anchors: &[isvs("3.4"), en303645("5.3-2"), cra("I.2(2)"), iso("A.8.24")],
    risks: &[Risk::Downtime],
    room: Room::Review,
    judge: in_time,
};

/// What is in force was not made up.
pub(super) const UNTOUCHED: Check = Check {
    id: "review-products-untouched",
    item: Item::FirmwareReview,
    severity: Severity::Critical,
    claim: "What is in force in every product was put there by its node, and every keyring is signed by its own root keys.",
    how: "Has the node open what it sealed about each product, and verifies the root signatures of every keyring anew.",
    remedy: "Somebody wrote into the store: keep a copy as evidence, and restore a backup of the whole data folder.",
    anchors: &[isvs("3.4"), en303645("5.7-1"), cra("I.1(2)(f)"), iso("A.8.4")],
    risks: &[Risk::PhysicalDamage, Risk::Liability, Risk::Reputation],
    room: Room::Review,
    judge: untouched,
};

fn releases(review: &Review) -> impl Iterator<Item = &Reviewed> {
    review.products.iter().filter(|product| product.images.iter().any(|image| image.released))
}

fn rings(review: &Review) -> impl Iterator<Item = (&Reviewed, &Ring)> {
    review.products.iter().filter_map(|product| Some((product, product.keyring.as_ref()?)))
}

fn set(scene: &Scene) -> Verdict {
    scene.review.judge(|review| {
        let bare = releases(review).filter(|product| product.keyring.is_none());
        let faults = bare
            .map(|product| Fault::new(name(product), "releases firmware that nobody has to sign"));
        Verdict::of_each(
            releases(review).count(),
            NO_RELEASE,
            faults,
            format!("{} products release firmware, each under a keyring", releases(review).count()),
        )
    })
}

fn two_pairs_of_eyes(scene: &Scene) -> Verdict {
    scene.review.judge(|review| {
        let alone =
            rings(review).filter(|(_, Ring { thresholds: [_, _, reviewers], .. })| *reviewers == 0);
        let faults = alone.map(|(product, _)| {
            Fault::new(name(product), "releases firmware that no reviewer has to sign")
        });
        let seen = format!("{} keyrings, each of which asks for a reviewer", rings(review).count());
        Verdict::of_each(rings(review).count(), NO_KEYRING, faults, seen)
    })
}

fn roots(scene: &Scene) -> Verdict {
    scene.review.judge(|review| {
        let faults = rings(review).filter_map(|(product, ring)| {
            let [wanted, _, _] = ring.thresholds;
            let roots = ring.keys.iter().filter(|key| key.role == "root").count();
            let spare = roots > usize::from(wanted);
            (!spare).then(|| {
                Fault::new(
                    name(product),
                    format!("has {roots} root keys, and {wanted} have to sign its next keyring"),
                )
            })
        });
        Verdict::of_each(
            rings(review).count(),
            NO_KEYRING,
            faults,
            format!("{} keyrings, each with a root key to spare", rings(review).count()),
        )
    })
}

fn in_time(scene: &Scene) -> Verdict {
    scene.review.judge(|review| {
        let soon = scene.now_ms / 1_000 + SOON_SECONDS;
        let ending = rings(review).filter(|(_, ring)| ring.expiry <= soon);
        let faults = ending.map(|(product, ring)| {
            Fault::new(
                name(product),
                format!("its keyring {} has ended, or ends within a month", ring.number),
            )
        });
        Verdict::of_each(
            rings(review).count(),
            NO_KEYRING,
            faults,
            format!("{} keyrings, none of which ends within a month", rings(review).count()),
        )
    })
}

fn untouched(scene: &Scene) -> Verdict {
    scene.review.judge(|review| {
        let faults = review.products.iter().filter_map(|product| {
            let of_ring = || product.keyring.as_ref().and_then(|ring| ring.fault.clone());
            Some(Fault::new(name(product), product.locked.clone().or_else(of_ring)?))
        });
        Verdict::of_each(
            review.products.len(),
            NO_PRODUCT,
            faults,
            format!("{} products, each as its node sealed it", review.products.len()),
        )
    })
}
