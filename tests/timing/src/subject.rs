//! What is timed.

use crate::blocks::{self, Made};
use openssl::pkey::{Private, Public};
use openssl::rsa::{Padding, Rsa};
use pintle_protocol::tcp::server::Greeting;
use pintle_protocol::tcp::{BLOCK, CLAIM, DevicePublicKey};
use pintle_rsa::{CloudKey, DeviceKey};
use std::hint::black_box;

/// RFC 8017's check with an error for bad padding, as OpenSSL calls it: what it did before version 3.2.
const NO_IMPLICIT_REJECTION: i32 = 8;

/// One of the ways to open a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// As the door does: the private operation, the padding, and the claim that comes out.
    Product,
    /// The library's removal of padding, which puts a random text of random length in the place of a bad one.
    Library,
    /// A library that tells bad padding by an error: the planted leak.
    Telling,
}

impl Subject {
    /// By its name on the command line.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "product" => Some(Self::Product),
            "library" => Some(Self::Library),
            "telling" => Some(Self::Telling),
            _ => None,
        }
    }

    /// What it is, for a heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Product => "The product: block to claim",
            Self::Library => "For comparison: the library's own removal of padding",
            Self::Telling => "Planted: a library that tells bad padding by an error",
        }
    }

    /// The same work, whatever the block is, or so it should be.
    pub fn call(self, keys: &Keys, made: &Made) {
        match self {
            Self::Product => keys.claim(made),
            Self::Library => keys.decrypt(made, Padding::PKCS1),
            Self::Telling => keys.decrypt(made, Padding::from_raw(NO_IMPLICIT_REJECTION)),
        }
    }
}

/// The keys of one run.
pub struct Keys {
    cloud: CloudKey,
    /// The same, to call the library without the product.
    library: Rsa<Private>,
    /// That of the device in all blocks.
    pub device: DevicePublicKey,
}

impl Keys {
    /// New ones.
    pub fn generate() -> Self {
        let cloud = CloudKey::generate().expect("a cloud's key");
        let der = cloud.to_der().expect("memory");
        let library = Rsa::private_key_from_der(&der).expect("the same key");
        let device = *DeviceKey::generate().expect("a device's key").public();
        Self { cloud, library, device }
    }

    /// What blocks are made with.
    pub fn public(&self) -> Rsa<Public> {
        blocks::public_key(self.cloud.public().modulus()).expect("a public key")
    }

    fn claim(&self, made: &Made) {
        let mut greeting = Greeting::new(made.nonce);
        greeting.take(&made.block);
        let block = greeting.into_block().expect("a whole block");
        black_box(block.open(&self.cloud, black_box(&[0xee; CLAIM])));
    }

    fn decrypt(&self, made: &Made, padding: Padding) {
        let mut out = [0; BLOCK];
        // Also when it is none: an error has to be looked at by whoever closes the connection.
        let length = self.library.private_decrypt(&made.block, &mut out, padding).ok();
        black_box((length, out));
    }
}
