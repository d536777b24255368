//! Item 8, firmware code review: who signed what is released, and what runs in the field.
//!
//! The node hands over keyrings and statements as they were signed; they are verified here anew, against the hash that the
//! node counted over the file just now. A reviewer signs the same bytes as whoever releases, the hash among them.

mod field;
mod keyring;
mod released;
mod verify;

pub use field::InField;
pub use verify::{Image, Signed};

use crate::check::Check;
use crate::look::Look;
use crate::survey::{KeyringKey, Survey};
use serde::Serialize;

/// Why claims about each of something were not tried where there is none of it.
const NO_PRODUCT: &str = "no product has firmware yet: nobody could sign any";
const NO_KEYRING: &str = "no product has a keyring yet: make one with `pintle keyring` and set it";
const NO_RELEASE: &str = "no firmware is released yet: nobody had to sign any";
const NO_IMAGE: &str = "no device has reported an image of a product yet";

/// What was seen.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Review {
    /// Products with firmware, by number.
    pub products: Vec<Reviewed>,
}

/// A product's firmware and who vouched for it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Reviewed {
    /// Its number.
    pub product: u16,
    /// Its name in addresses.
    pub slug: String,
    /// Why the node locked it, if it did.
    pub locked: Option<String>,
    /// Who has to sign; `None` where nobody has to.
    pub keyring: Option<Ring>,
    /// Its firmware, the newest version first.
    pub images: Vec<Image>,
    /// What its devices report.
    pub field: Vec<InField>,
    /// How many devices it has.
    pub devices: u32,
    /// How many of them are marked for development.
    pub development: u32,
}

/// The keyring in force.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ring {
    /// Its number.
    pub number: u32,
    /// When it stops counting, in seconds since 1970.
    pub expiry: u64,
    /// How many root, release and review keys have to sign.
    pub thresholds: [u8; 3],
    /// Its keys.
    pub keys: Vec<KeyringKey>,
    /// Why it does not hold, if it does not: its own signatures were verified anew.
    pub fault: Option<String>,
}

/// Looks at a survey.
#[must_use]
pub fn look(survey: Result<&Survey, String>) -> Look<Review> {
    let survey = match survey {
        Ok(survey) => survey,
        Err(why) => return Look::unseen(why),
    };
    let products = survey.products.iter().map(|product| {
        let images = verify::images(product);
        let mine = || survey.devices.iter().filter(|device| device.product == Some(product.id));
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Reviewed {
            product: product.id,
            slug: product.slug.clone(),
            locked: product.locked.clone(),
            keyring: product.keyring.as_ref().map(|ring| Ring {
                number: ring.number,
                expiry: ring.expiry,
                thresholds: ring.thresholds,
                keys: ring.keys.clone(),
                fault: verify::keyring_fault(product.id, ring),
            }),
            field: field::of(product, &images, mine()),
            devices: count(mine().count()),
            development: count(mine().filter(|device| device.development).count()),
            images,
        }
    });
    let seen = Review { products: products.collect() };
    Look::seen(
        [
            "read keyrings, signed releases and what devices report from the node's survey, and verified every signature",
        ],
        seen,
    )
}

/// What it claims.
pub const CHECKS: &[&Check] = &[
    &keyring::SET,
    &keyring::TWO_PAIRS_OF_EYES,
    &keyring::ROOTS,
    &keyring::IN_TIME,
    &keyring::UNTOUCHED,
    &released::SIGNED,
    &released::IN_TIME,
    &field::KNOWN,
    &field::REVIEWED,
    &field::DEVELOPMENT,
];

/// A month, in seconds: what ends within it is to be renewed now.
const SOON_SECONDS: u64 = 30 * 24 * 3_600;

/// What a product is called in findings.
fn name(product: &Reviewed) -> String {
    format!("product {} ({})", product.product, product.slug)
}
