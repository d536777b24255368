//! What runs in the field: images that nobody knows, images that nobody reviewed, and the devices that run them.

use super::{Image, NO_IMAGE, NO_PRODUCT, Review, Reviewed, name};
use crate::anchor::{cra, en303645, iso, isvs, nistir};
use crate::check::{Check, Item, Severity};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::survey::{Device, Product};
use crate::verdict::{Fault, Verdict};
use serde::Serialize;
use std::collections::BTreeMap;

/// So large a part of a product may be for development.
const DEVELOPMENT_PART: u32 = 10;

/// So many may be in any case.
const DEVELOPMENT_FEW: u32 = 5;

/// How many devices a finding names.
const NAMED: usize = 20;

/// An image that devices report, and which these are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct InField {
    /// What they report, a SHA-256 in hex.
    pub image: String,
    /// The version on the shelf, where it is one of these.
    pub version: Option<u16>,
    /// Why no reviewer vouches for it, if none does.
    pub unreviewed: Option<String>,
    /// The devices, without those for development.
    pub devices: Vec<String>,
}

/// What a product's devices report.
pub(super) fn of<'a>(
    product: &Product,
    images: &[Image],
    devices: impl Iterator<Item = &'a Device>,
) -> Vec<InField> {
    let mut reported: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for device in devices.filter(|device| !device.development) {
        let Some(image) = device.image.as_deref() else { continue };
        reported.entry(image).or_default().push(device.id.clone());
    }
    let field = reported.into_iter().map(|(image, devices)| {
        let here = |one: &&Image| one.sha256 == image || one.reported.as_deref() == Some(image);
        let known = images.iter().find(here);
        let unreviewed = known.and_then(|known| unreviewed(product, known));
        InField {
            image: image.to_owned(),
            version: known.map(|known| known.version),
            unreviewed,
            devices,
        }
    });
    field.collect()
}

fn unreviewed(product: &Product, image: &Image) -> Option<String> {
    // Where nobody has to sign, that is the finding, and not each image.
    product.keyring.as_ref()?;
    match &image.signed {
        Err(why) => Some(why.clone()),
        Ok(signed) if signed.reviewers.is_empty() => Some("no reviewer signed it".to_owned()),
        Ok(_) => None,
    }
}

/// What runs is known.
pub(super) const KNOWN: Check = Check {
    id: "review-field-known",
    item: Item::FirmwareReview,
    severity: Severity::High,
    claim: "Every device of a product runs an image that the product has, save those marked for development.",
    how: "Compares the hash that each device reports of itself with all images of its product.",
    remedy: "Find out how the image came onto these devices; flash a released one, or mark the devices for development.",
    anchors: &[
        isvs("3.4"),
        en303645("5.7-2"),
        cra("I.1(2)(f)"),
        nistir("cybersecurity state awareness"),
        iso("A.8.19"),
    ],
    risks: &[Risk::PhysicalDamage, Risk::Liability],
    room: Room::Review,
    judge: known,
};

/// And somebody looked at it.
pub(super) const REVIEWED: Check = Check {
    id: "review-field-reviewed",
    item: Item::FirmwareReview,
    severity: Severity::High,
    claim: "No device runs an image without the signatures of its product's reviewers.",
    how: "Verifies the reviewers' signatures of every image that a device reports, with the keys of the keyring in force.",
    remedy: "Roll a reviewed version out to these devices; if the image itself is sound, have it reviewed and signed under the keyring in force.",
    anchors: &[isvs("1.3"), cra("I.2(3)"), iso("A.8.29")],
    risks: &[Risk::PhysicalDamage, Risk::Liability, Risk::Reputation],
    room: Room::Review,
    judge: reviewed,
};

/// Few take what nobody signed.
pub(super) const DEVELOPMENT: Check = Check {
    id: "review-development-few",
    item: Item::FirmwareReview,
    severity: Severity::Low,
    claim: "No more than a tenth of a product's devices, or five, are marked for development and so take unsigned firmware.",
    how: "Counts the devices of each product that are marked for development.",
    remedy: "Take the mark away from devices that are in the field.",
    anchors: &[isvs("1.3"), en303645("5.6-4"), iso("A.8.31")],
    risks: &[Risk::PhysicalDamage],
    room: Room::Review,
    judge: development,
};

fn field(review: &Review) -> impl Iterator<Item = (&Reviewed, &InField)> {
    review
        .products
        .iter()
        .flat_map(|product| product.field.iter().map(move |image| (product, image)))
}

/// The first of many devices.
fn names(devices: &[String]) -> String {
    let first: Vec<&str> = devices.iter().take(NAMED).map(String::as_str).collect();
    match devices.len().saturating_sub(NAMED) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

fn known(scene: &Scene) -> Verdict {
    scene.review.judge(|review| {
        let strange = field(review).filter(|(_, image)| image.version.is_none());
        let faults = strange.map(|(product, image)| {
            let detail = format!(
                "is none of its product's, and runs on {}: {}",
                count(image),
                names(&image.devices)
            );
            Fault::new(format!("{}, image {}", name(product), image.image), detail)
        });
        Verdict::of_each(
            field(review).count(),
            NO_IMAGE,
            faults,
            format!("{} images in the field, all known", field(review).count()),
        )
    })
}

fn count(image: &InField) -> String {
    match image.devices.len() {
        1 => "one device".to_owned(),
        many => format!("{many} devices"),
    }
}

fn reviewed(scene: &Scene) -> Verdict {
    scene.review.judge(|review| {
        let faults = field(review).filter_map(|(product, image)| {
            let (why, version) = (image.unreviewed.as_ref()?, image.version?);
            let detail = format!("runs on {} ({}): {why}", count(image), names(&image.devices));
            Some(Fault::new(format!("{}, version {version}", name(product)), detail))
        });
        Verdict::of_each(
            field(review).count(),
            NO_IMAGE,
            faults,
            format!("{} images in the field, none without its reviewers", field(review).count()),
        )
    })
}

fn development(scene: &Scene) -> Verdict {
    scene.review.judge(|review| {
        let many = review.products.iter().filter(|product| {
            product.development > DEVELOPMENT_FEW
                && product.development * DEVELOPMENT_PART > product.devices
        });
        let faults = many.map(|product| {
            let detail = format!(
                "{} of its {} devices take unsigned firmware",
                product.development, product.devices
            );
            Fault::new(name(product), detail)
        });
        Verdict::of_each(
            review.products.len(),
            NO_PRODUCT,
            faults,
            format!("{} products, few of whose devices are for development", review.products.len()),
        )
    })
}
