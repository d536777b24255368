//! What identifies an image, on flash and between device and cloud.

use crate::Digest;

/// An image, by what its release says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Image {
    /// The SHA-256 of its bytes.
    pub digest: Digest,
    /// How many bytes it has.
    pub length: u32,
    /// Its security counter: a device never runs an image with a lower one than it confirmed.
    pub counter: u32,
    /// Its version in the product.
    pub version: u16,
}
