//! A firmware as it goes to a device.

use std::sync::Arc;

use crate::device::update::Offer;

/// A firmware as it goes to a device: taken off the shelf, so checked a moment ago.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// The module's file, nothing added.
    pub file: Arc<[u8]>,
    /// Its SHA-256.
    pub sha256: [u8; 32],
    /// What the module is for.
    pub function: Option<u8>,
    /// Keyrings and the release, one COSE envelope after the other; empty where nobody had to sign.
    pub statement: Arc<[u8]>,
}

impl From<Image> for Offer {
    fn from(image: Image) -> Self {
        let Image { file, sha256, function, statement } = image;
        Self { file, sha256, function, statement }
    }
}
