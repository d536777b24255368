//! Firmware, from the file a compiler made to the image a device runs (P8).
//!
//! - [`module`]: the module format of Device OS, read without copying and checked for everything that can be wrong
//!   with it, each with a reason of its own.
//! - [`release`]: what is said about a module and signed offline: product, version, security counter, hash, expiry;
//!   and which keys may say it.
//! - [`slots`]: two image slots and a little state on raw [`flash`]. A new image runs on trial, and the device falls
//!   back by itself to the last one that was good.
//!
//! Everything here is sans-IO and runs without `std`: no file, clock or thread. Writing modules and releases needs
//! the feature `alloc`; reading, checking and booting does not.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;

mod digest;
pub mod flash;
mod little;
pub mod module;
pub mod release;
pub mod signature;
pub mod slots;

pub use digest::Digest;
