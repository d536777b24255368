//! Firmware for a virtual device: modules of the one format, with nothing in them that runs.

use pintle_firmware::Digest;
use pintle_firmware::module::{Builder, Function, Platform, Product};

/// For which board and product images are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The board.
    pub platform: u16,
    /// The product.
    pub product: u16,
}

impl Kind {
    /// A module of so many bytes of content, as this version of the product.
    #[must_use]
    pub fn image(self, version: u16, size: usize) -> Vec<u8> {
        let content: Vec<u8> =
            (0..size).map(|at| (at.wrapping_mul(version.into()) % 251) as u8).collect();
        let mut builder =
            Builder::new(Platform(self.platform), Function::USER_PART, 0x1000, &content);
        builder.prefix.version = version;
        builder.product = Some(Product { id: self.product, version });
        builder.build()
    }
}

/// The same file with one bit turned, in its middle.
#[must_use]
pub fn turned(file: &[u8]) -> Vec<u8> {
    let mut turned = file.to_vec();
    let middle = turned.len() / 2;
    if let Some(byte) = turned.get_mut(middle) {
        *byte ^= 4;
    }
    turned
}

/// SHA-256 of a file.
#[must_use]
pub fn sha256(file: &[u8]) -> [u8; 32] {
    Digest::of(file).0
}
