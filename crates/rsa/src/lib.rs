//! RSA for the TCP service, behind the traits of [`pintle_protocol::tcp`].
//!
//! [`CloudKey`] opens the blocks of devices and signs the answers. [`DeviceSide`] is the other end: a [`DeviceKey`]
//! and the [`CloudPublicKey`] pinned in it. [`weak`] tells the keys that nobody should pin, each with its reason.
//!
//! The arithmetic is OpenSSL's, built from its source; decision record 7 says why. All private operations are blinded,
//! and the results of those that use the two primes are checked against the public exponent before they leave
//! the library, so a fault of the processor gives no prime away.
//!
//! What is equalised, and by whom:
//!
//! - [`CloudKey`] does one private operation for every block below its modulus, then tells a good padding from a bad
//!   one without a branch and without another access to memory. There is one legal length, so there is no length to
//!   hide.
//! - A block that is no number below the modulus costs no private operation. Whoever sent it knows that it is none,
//!   so nothing is told by that. The door answers every failure at one fixed moment, this one among them.
//! - What follows (nonce, id, key) is folded into the same [`Choice`](subtle::Choice) by `pintle_protocol::tcp`.
//!
//! The library keeps blinding factors for each thread that ever used a key: use one from the threads of a fixed pool.

mod cloud;
mod device;
mod error;
mod key_file;
mod padding;
mod public;
pub mod weak;

pub use cloud::CloudKey;
pub use device::{DeviceKey, DeviceSide};
pub use error::KeyError;
pub use public::CloudPublicKey;
