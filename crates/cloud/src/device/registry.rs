//! What a shard keeps in memory about its devices beside their sessions: whose they are, and what
//! they subscribed to. A device that resumes repeats neither, so both come from the store.

use crate::account::AccountId;
use crate::event::{self, Event, Source};
use crate::store::device::SavedSubscription;
use pintle_protocol::{DeviceId, Subscription, SubscriptionKind};
use std::collections::{HashMap, HashSet};

/// How many subscriptions one device may hold (Device OS allows its applications fewer).
pub const MAX_SUBSCRIPTIONS: usize = 32;

/// Which payloads a subscription takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscribed {
    /// Events whose names begin so.
    pub prefix: String,
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
        Self { prefix: subscription.prefix.clone().into_owned(), takes }
    }
}

impl From<&SavedSubscription> for Subscribed {
    fn from(saved: &SavedSubscription) -> Self {
        let takes = match saved.options {
            0 => Takes::Text,
            1 => Takes::Cbor,
            _ => Takes::Any,
        };
        Self { prefix: saved.prefix.clone(), takes }
    }
}

/// The subscriptions as they are stored.
pub fn saved(subscriptions: &[Subscribed]) -> Vec<SavedSubscription> {
    let saved = |one: &Subscribed| SavedSubscription {
        prefix: one.prefix.clone(),
        options: match one.takes {
            Takes::Text => 0,
            Takes::Cbor => 1,
            Takes::Any => 2,
        },
    };
    subscriptions.iter().map(saved).collect()
}

#[derive(Default)]
struct Known {
    owner: Option<AccountId>,
    subscriptions: Vec<Subscribed>,
}

/// The devices of one shard.
#[derive(Default)]
pub struct Registry {
    known: HashMap<DeviceId, Known>,
    owned: HashMap<AccountId, HashSet<DeviceId>>,
}

impl Registry {
    /// Whether the device is known here.
    pub fn knows(&self, device: DeviceId) -> bool {
        self.known.contains_key(&device)
    }

    /// Takes in what the store has about a device.
    pub fn learn(
        &mut self,
        device: DeviceId,
        owner: Option<AccountId>,
        subscriptions: Vec<Subscribed>,
    ) {
        self.known.entry(device).or_default().subscriptions = subscriptions;
        self.set_owner(device, owner);
    }

    /// Whose the device is.
    pub fn owner(&self, device: DeviceId) -> Option<AccountId> {
        self.known.get(&device).and_then(|known| known.owner)
    }

    /// Gives the device to another owner, or to nobody.
    pub fn set_owner(&mut self, device: DeviceId, owner: Option<AccountId>) {
        let Some(known) = self.known.get_mut(&device) else { return };
        if let Some(old) = std::mem::replace(&mut known.owner, owner)
            && let Some(devices) = self.owned.get_mut(&old)
        {
            devices.remove(&device);
            if devices.is_empty() {
                self.owned.remove(&old);
            }
        }
        if let Some(owner) = owner {
            self.owned.entry(owner).or_default().insert(device);
        }
    }

    /// Adds a subscription; the device's whole list where it changed.
    ///
    /// # Errors
    /// How many a device may hold, where it holds as many.
    pub fn subscribe(
        &mut self,
        device: DeviceId,
        subscription: Subscribed,
    ) -> Result<Option<&[Subscribed]>, usize> {
        let list = &mut self.known.entry(device).or_default().subscriptions;
        if list.contains(&subscription) {
            return Ok(None);
        }
        if list.len() >= MAX_SUBSCRIPTIONS {
            return Err(MAX_SUBSCRIPTIONS);
        }
        list.push(subscription);
        Ok(Some(list))
    }

    /// Forgets a device's subscriptions: a fresh handshake sends them all again.
    pub fn unsubscribe(&mut self, device: DeviceId) {
        if let Some(known) = self.known.get_mut(&device) {
            known.subscriptions.clear();
        }
    }

    /// The devices that subscribed to an event: the owner's own and no others. Under a reserved name
    /// only the cloud is heard: one device must not reset another.
    pub fn listeners<'a>(&'a self, event: &'a Event) -> impl Iterator<Item = DeviceId> + 'a {
        let may_speak = event.source == Source::Cloud || !event::is_reserved(&event.name);
        let owner = event.owner.filter(|_| may_speak);
        let devices = owner.and_then(|owner| self.owned.get(&owner));
        devices.into_iter().flatten().copied().filter(|device| {
            let subscriptions = self.known.get(device).map(|known| known.subscriptions.as_slice());
            subscriptions.unwrap_or_default().iter().any(|subscription| {
                event.name.starts_with(&subscription.prefix)
                    && subscription.takes.format(event.content_format)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subscribed(prefix: &str, takes: Takes) -> Subscribed {
        Subscribed { prefix: prefix.into(), takes }
    }

    fn event(owner: u8, name: &str, content_format: u16) -> Event {
        Event {
            name: name.into(),
            data: Vec::new(),
            content_format,
            ttl: 60,
            published_at_ms: 0,
            source: Source::Api,
            owner: Some(AccountId::from_bytes([owner; 16])),
        }
    }

    #[test]
    fn an_event_reaches_its_owners_subscribed_devices_only() {
        let mut registry = Registry::default();
        let device = |n| DeviceId::from_bytes([n; 12]);
        let owner = |n| Some(AccountId::from_bytes([n; 16]));
        registry.learn(device(1), owner(1), vec![subscribed("cmd/", Takes::Text)]);
        registry.learn(device(2), owner(2), vec![subscribed("cmd/", Takes::Text)]);
        registry.learn(device(3), owner(1), vec![subscribed("cm", Takes::Cbor)]);
        let heard =
            |registry: &Registry, event: &Event| registry.listeners(event).collect::<Vec<_>>();
        assert_eq!(heard(&registry, &event(1, "cmd/go", 0)), [device(1)]);
        assert_eq!(heard(&registry, &event(1, "cmd/go", 60)), [device(3)]);
        assert!(heard(&registry, &event(1, "other", 0)).is_empty());
        registry.set_owner(device(1), owner(2));
        assert!(heard(&registry, &event(1, "cmd/go", 0)).is_empty());
        assert_eq!(heard(&registry, &event(2, "cmd/go", 0)).len(), 2);
    }

    #[test]
    fn only_the_cloud_speaks_to_devices_under_a_reserved_name() {
        let mut registry = Registry::default();
        let device = DeviceId::from_bytes([1; 12]);
        let prefixes = ["spark", "particle", "sparkle"].map(|name| subscribed(name, Takes::Any));
        registry.learn(device, Some(AccountId::from_bytes([1; 16])), prefixes.to_vec());
        let heard =
            |name: &str, source| registry.listeners(&Event { source, ..event(1, name, 0) }).count();
        let other = Source::Device(DeviceId::from_bytes([2; 12]));
        for name in ["spark/device/reset", "particle/device/updates/forced", "spark"] {
            assert_eq!((heard(name, other), heard(name, Source::Api)), (0, 0), "{name}");
            assert_eq!(heard(name, Source::Cloud), 1, "{name}");
        }
        assert_eq!(heard("sparkle/x", other), 1);
    }

    #[test]
    fn a_device_cannot_subscribe_without_bound() {
        let mut registry = Registry::default();
        let device = DeviceId::from_bytes([1; 12]);
        registry.learn(device, None, Vec::new());
        for n in 0..MAX_SUBSCRIPTIONS {
            assert!(registry.subscribe(device, subscribed(&n.to_string(), Takes::Any)).is_ok());
        }
        assert_eq!(registry.subscribe(device, subscribed("0", Takes::Any)), Ok(None));
        assert!(registry.subscribe(device, subscribed("more", Takes::Any)).is_err());
    }
}
