//! Products: their firmware, who has to have signed it, what is released, and which devices it is for.
//!
//! The [`Shelf`] is the one door to firmware. What comes off it was unsealed, hashed and checked against the product's
//! keyring in that very moment, so nothing is sent that somebody wrote into the database: which keyring is in force,
//! what is released and which counters never go back is the product's [`Standing`], sealed under the node key and
//! counted up (`marks`). A product whose standing does not open, or is an older one, is locked and says why.
//!
//! [`target`](target::target) says which version a device is to have, as a pure function, and [`Deliver`] offers it.

mod checked;
mod creating;
mod deliver;
mod image;
mod keyring;
mod marks;
mod pieces;
mod refusal;
mod releasing;
pub mod rollout;
mod shelf;
mod standing;
mod surveying;
pub mod target;
mod uploading;

pub use creating::{NewProduct, Settings};
pub use deliver::{Deliver, Delivery, Reach};
pub use image::Image;
pub use keyring::{KeyInForce, KeyringInForce};
pub use refusal::Refusal;
pub use releasing::Order;
pub(crate) use releasing::check_groups;
pub use shelf::Shelf;
pub use standing::{InForce, Releases, Standing};
pub use uploading::Upload;

use std::fmt;

/// What a piece of a firmware's file is sealed for.
pub(crate) fn sealed_piece_context(
    product: ProductId,
    version: u16,
    sha256: &[u8; 32],
    place: u32,
) -> Vec<u8> {
    pieces::Which { product, version, sha256 }.context(place)
}

/// What a product's standing is sealed for.
pub(crate) fn sealed_standing_context(product: ProductId) -> Vec<u8> {
    standing::context(product)
}

/// The largest file of a firmware, in bytes.
pub const MAX_IMAGE: usize = 16 << 20;

/// A product's number, as modules carry it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProductId(pub u16);

impl fmt::Display for ProductId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}
