//! What devices and people publish, on its way to whoever may hear it.
//!
//! An [`Event`] is built once, at the door or in the API, and shared from then on as [`Published`]: no reader has
//! a copy. The [`Bus`] is in-process; it knows owners and names, and nothing of sockets or HTTP. Events are
//! relayed, not stored (promise P6), save a sealed row in the [`Outbox`] until a durable consumer took it.

mod bus;
#[cfg(test)]
mod bus_model_tests;
mod gauge;
pub mod interest;
mod listeners;
pub mod outbox;
mod published;
mod subscription;
mod written;

pub use bus::{Bus, Publisher, Tap};
pub use gauge::{MOST_LOST, READER_BYTES, READER_DEPTH, TooSlow};
pub use listeners::Filter;
pub use outbox::{Intake, Outbox, Row};
pub use published::Published;
pub use subscription::{Delivery, Monitor, Subscription};

use crate::account::AccountId;
use pintle_protocol::DeviceId;
pub use pintle_protocol::{MAX_DATA, MAX_NAME};

/// The seconds an event is good for when its publisher does not say.
pub const DEFAULT_TTL: u32 = 60;

/// For whom an event is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// For the operator's consumer.
    pub outbox: bool,
    /// For webhooks.
    pub hooks: bool,
}

impl Wanted {
    /// Whether for anybody.
    pub const fn by_any(self) -> bool {
        self.outbox || self.hooks
    }
}

/// Who published an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A device, through a door whose sessions protect what it says.
    Device(DeviceId),
    /// A device over TCP: whoever is on its way can change what it says beyond the first bytes, unnoticed.
    Unprotected(DeviceId),
    /// A person, through the API.
    Api,
    /// The cloud itself.
    Cloud,
}

impl Source {
    /// The device that it is.
    pub const fn device(self) -> Option<DeviceId> {
        match self {
            Self::Device(device) | Self::Unprotected(device) => Some(device),
            Self::Api | Self::Cloud => None,
        }
    }
}

/// Whether only the cloud itself speaks to devices under this name: they act on it, and all of them
/// subscribe to it.
pub fn is_reserved(name: &str) -> bool {
    matches!(name.split('/').next(), Some("spark" | "particle"))
}

/// One published event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The whole name, slashes included; at most [`MAX_NAME`] bytes.
    pub name: String,
    /// The payload; at most [`MAX_DATA`] bytes.
    pub data: Vec<u8>,
    /// The CoAP Content-Format of `data`; 0 is text.
    pub content_format: u16,
    /// How long the event is good for, in seconds.
    pub ttl: u32,
    /// When the cloud took it, in milliseconds since the Unix epoch.
    pub published_at_ms: i64,
    /// Who published it.
    pub source: Source,
    /// Whose event it is: only this account, and this account's devices, hear of it. An unclaimed
    /// device's events have no owner and are heard by nobody.
    pub owner: Option<AccountId>,
}
