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

impl From<SubscriptionKind> for Takes {
    fn from(kind: SubscriptionKind) -> Self {
        match kind {
            SubscriptionKind::Text => Self::Text,
            SubscriptionKind::Binary => Self::Any,
            SubscriptionKind::Cbor => Self::Cbor,
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
    /// And which are from a device whose id begins so, in lower case; of any device where there is none. Devices over
    /// UDP do not ask for this, so it is not written down.
    pub from: Option<Box<str>>,
}

impl From<&Subscription<'_>> for Subscribed {
    fn from(subscription: &Subscription<'_>) -> Self {
        let prefix = subscription.prefix.as_ref().into();
        Self { prefix, takes: subscription.kind.into(), from: None }
    }
}

impl From<&SavedSubscription> for Subscribed {
    fn from(saved: &SavedSubscription) -> Self {
        let takes = match saved.options {
            0 => Takes::Text,
            1 => Takes::Cbor,
            _ => Takes::Any,
        };
        Self { prefix: saved.prefix.as_str().into(), takes, from: None }
    }
}

impl Subscribed {
    /// Whether it takes an event.
    pub(super) fn takes(&self, event: &Event) -> bool {
        let named = event.name.starts_with(&*self.prefix);
        named && self.takes.format(event.content_format) && self.comes_from(event)
    }

    fn comes_from(&self, event: &Event) -> bool {
        let Some(from) = &self.from else { return true };
        event.source.device().is_some_and(|device| device.to_string().starts_with(&**from))
    }

    /// The bytes it holds, its own included.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.prefix.len() + self.from.as_ref().map_or(0, |from| from.len())
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
