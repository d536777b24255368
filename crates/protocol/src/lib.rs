//! What a device and its cloud say to each other, without a socket, a clock or a thread.
//!
//! A datagram that the record layer opened walks through this crate like so:
//! [`coap::Message::parse`] checks the bytes once and borrows them, [`exchange::Exchange::receive`] says
//! whether they are new, a repeat or an answer, and [`from_device::decode`] (in the cloud) or
//! [`from_cloud::decode`] (in the device) says what they mean. Answers are written by [`reply`], requests by
//! the writers beside each decoder; every writer appends one datagram to a `Vec`.
//!
//! Ruled by RFC 7252 (CoAP), RFC 7959 (blockwise) and by how Device OS 6.2 uses them. [`tcp`] has the sessions of
//! older devices, which say much the same over a byte stream. The messages of a firmware transfer are in [`update`].

#![no_std]

extern crate alloc;

pub mod block;
pub mod coap;
pub mod describe;
mod device_id;
mod error;
mod event;
pub mod exchange;
pub mod from_cloud;
pub mod from_device;
pub mod goodbye;
pub mod hello;
mod path;
pub mod reply;
pub mod tcp;
pub mod update;
pub mod value;
mod varint;
#[cfg(feature = "weakened")]
pub mod weakened;
#[cfg(not(feature = "weakened"))]
mod weakened;
mod wire;

pub use device_id::DeviceId;
pub use error::Error;
pub use event::{ContentFormat, Event, Subscription, SubscriptionKind};

/// Largest CoAP message either side takes, in bytes: the plaintext limit of one Device OS record.
pub const MAX_MESSAGE: usize = 1152;

/// Longest name of a function, variable or event, in bytes.
pub const MAX_NAME: usize = 64;

/// Largest function argument, event payload or string variable, in bytes.
pub const MAX_DATA: usize = 1024;
