//! One subscription of a device: what it takes, and how it is written down.

use crate::event::Event;
use crate::store::device::SavedSubscription;
use pintle_protocol::{Subscription, SubscriptionKind};

/// Which payloads a subscription takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Takes {
    /// Text formats only.
    Text,
    /// CBOR only.
    Cbor,
    /// Anything.
    Any,
}

impl Takes {
    fn format(self, content_format: u16) -> bool {
        match self {
            Self::Text => matches!(content_format, 0 | 40 | 41 | 50),
            Self::Cbor => content_format == 60,
            Self::Any => true,
        }
    }
}

/// One subscription of a device.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subscribed {
    /// Events whose names begin so.
    pub prefix: Box<str>,
    /// And whose payload is one of these.
    pub takes: Takes,
}

impl From<&Subscription<'_>> for Subscribed {
    fn from(subscription: &Subscription<'_>) -> Self {
        let takes = match subscription.kind {
            SubscriptionKind::Text => Takes::Text,
            SubscriptionKind::Binary => Takes::Any,
            SubscriptionKind::Cbor => Takes::Cbor,
        };
        Self { prefix: subscription.prefix.as_ref().into(), takes }
    }
}

impl From<&SavedSubscription> for Subscribed {
    fn from(saved: &SavedSubscription) -> Self {
        let takes = match saved.options {
            0 => Takes::Text,
            1 => Takes::Cbor,
            _ => Takes::Any,
        };
        Self { prefix: saved.prefix.as_str().into(), takes }
    }
}

impl Subscribed {
    /// Whether it takes an event.
    pub(super) fn takes(&self, event: &Event) -> bool {
        event.name.starts_with(&*self.prefix) && self.takes.format(event.content_format)
    }

    /// The bytes it holds, its own included.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.prefix.len()
    }
}

/// The subscriptions as they are stored.
pub fn saved(subscriptions: &[Subscribed]) -> Vec<SavedSubscription> {
    let saved = |one: &Subscribed| SavedSubscription {
        prefix: one.prefix.as_ref().into(),
        options: match one.takes {
            Takes::Text => 0,
            Takes::Cbor => 1,
            Takes::Any => 2,
        },
    };
    subscriptions.iter().map(saved).collect()
}
