//! What the devices of a shard subscribed to. A device that resumes does not repeat it, so it comes from
//! the store when the node starts.
//!
//! A device without subscriptions costs nothing here. One with some costs a row in each of two tables,
//! about 80 bytes: equal lists are kept once.

mod lists;
mod subscribed;

use super::roll::{OwnerNumber, Roll, RollNumber};
use crate::account::AccountId;
use crate::event::{self, Event, Source};
use lists::{ListNumber, Lists};
use std::collections::{BTreeSet, HashMap};
use std::iter::successors;
pub use subscribed::{Subscribed, Takes, saved};

/// How many subscriptions one device may hold (Device OS allows its applications fewer).
pub const MAX_SUBSCRIPTIONS: usize = 32;

#[derive(Clone, Copy)]
struct Held {
    list: ListNumber,
    /// Whose the device was when it was put among the owner's.
    owner: OwnerNumber,
}

/// The devices of one shard that subscribed to something.
pub struct Registry {
    roll: Roll,
    held: HashMap<RollNumber, Held>,
    /// The same devices by owner and list: whom an event may reach, in one stretch for each list.
    owned: BTreeSet<(AccountId, ListNumber, RollNumber)>,
    lists: Lists,
}

impl Registry {
    /// A registry in which nobody subscribed yet; `roll` says whose the devices are.
    pub fn new(roll: Roll) -> Self {
        Self { roll, held: HashMap::new(), owned: BTreeSet::new(), lists: Lists::default() }
    }

    /// Whether no device subscribed to anything.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Takes in what a device subscribed to, in place of what was known.
    pub fn learn(&mut self, device: RollNumber, subscriptions: Vec<Subscribed>) {
        self.unsubscribe(device);
        if subscriptions.is_empty() {
            return;
        }
        let (list, owner) = (self.lists.hold(subscriptions), self.roll.owner_number(device));
        self.held.insert(device, Held { list, owner });
        self.owned.extend(self.roll.account(owner).map(|owner| (owner, list, device)));
    }

    /// Looks on the roll whose a device is now.
    pub fn owner_changed(&mut self, device: RollNumber) {
        let Some(held) = self.held.get_mut(&device) else { return };
        let old = std::mem::replace(&mut held.owner, self.roll.owner_number(device));
        if let Some(old) = self.roll.account(old) {
            self.owned.remove(&(old, held.list, device));
        }
        let owner = self.roll.account(held.owner);
        self.owned.extend(owner.map(|owner| (owner, held.list, device)));
    }

    /// Adds a subscription; the device's whole list where it changed.
    ///
    /// # Errors
    /// How many a device may hold, where it holds as many.
    pub fn subscribe(
        &mut self,
        device: RollNumber,
        subscription: Subscribed,
    ) -> Result<Option<&[Subscribed]>, usize> {
        let list = self.list(device);
        if list.contains(&subscription) {
            return Ok(None);
        }
        if list.len() >= MAX_SUBSCRIPTIONS {
            return Err(MAX_SUBSCRIPTIONS);
        }
        let mut longer = list.to_vec();
        longer.push(subscription);
        self.learn(device, longer);
        Ok(Some(self.list(device)))
    }

    /// Forgets a device's subscriptions: a fresh handshake sends them all again.
    pub fn unsubscribe(&mut self, device: RollNumber) {
        let Some(held) = self.held.remove(&device) else { return };
        self.lists.release(held.list);
        if let Some(owner) = self.roll.account(held.owner) {
            self.owned.remove(&(owner, held.list, device));
        }
    }

    /// The devices that subscribed to an event: the owner's own and no others. Under a reserved name
    /// only the cloud is heard: one device must not reset another. Costs as much as there are different
    /// lists and listeners, however many devices the owner has.
    pub fn listeners<'a>(&'a self, event: &'a Event) -> impl Iterator<Item = RollNumber> + 'a {
        let may_speak = event.source == Source::Cloud || !event::is_reserved(&event.name);
        let owner = event.owner.filter(|_| may_speak);
        let takes = |list: &ListNumber| self.lists.get(*list).iter().any(|one| one.takes(event));
        owner.into_iter().flat_map(move |owner| {
            self.lists_of(owner).filter(takes).flat_map(move |list| self.holders(owner, list))
        })
    }

    /// The lists that an owner's devices hold, each once.
    fn lists_of(&self, owner: AccountId) -> impl Iterator<Item = ListNumber> + '_ {
        let at_least = move |list| {
            let found = self.owned.range((owner, list, RollNumber::ENDS.0)..).next();
            found.filter(|(of, ..)| *of == owner).map(|(_, list, _)| *list)
        };
        successors(at_least(ListNumber::FIRST), move |list| at_least(list.next()?))
    }

    fn holders(&self, owner: AccountId, list: ListNumber) -> impl Iterator<Item = RollNumber> + '_ {
        let (first, last) = RollNumber::ENDS;
        let holders = self.owned.range((owner, list, first)..=(owner, list, last));
        holders.map(|(.., device)| *device)
    }

    /// The bytes it holds on the heap, at most.
    pub fn bytes(&self) -> usize {
        // A table of the standard library is at most seven eighths full, with a byte beside each place; the
        // nodes of its tree are at least five elevenths full.
        let held = self.held.capacity() * 8 / 7 * (size_of::<(RollNumber, Held)>() + 1);
        let owned =
            self.owned.len() * (size_of::<(AccountId, ListNumber, RollNumber)>() * 11 + 16) / 5;
        held + owned + self.lists.bytes()
    }

    fn list(&self, device: RollNumber) -> &[Subscribed] {
        self.held.get(&device).map_or(&[], |held| self.lists.get(held.list))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::AccountId;
    use pintle_dtls::Fingerprint;
    use pintle_protocol::DeviceId;

    fn subscribed(prefix: &str, takes: Takes) -> Subscribed {
        Subscribed { prefix: prefix.into(), takes, from: None }
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

    fn device(n: u8) -> DeviceId {
        DeviceId::from_bytes([n; 12])
    }

    fn owner(n: u8) -> Option<AccountId> {
        Some(AccountId::from_bytes([n; 16]))
    }

    /// Puts a device on the registry's roll.
    fn enrol(registry: &Registry, n: u8, owner: Option<AccountId>) -> RollNumber {
        registry.roll.set_key(device(n), Some(Fingerprint::from_bytes([n; 32])));
        registry.roll.set_owner(device(n), owner);
        registry.roll.find(device(n)).unwrap()
    }

    fn heard(registry: &Registry, event: &Event) -> Vec<RollNumber> {
        registry.listeners(event).collect()
    }

    #[test]
    fn an_event_reaches_its_owners_subscribed_devices_only() {
        let mut registry = Registry::new(Roll::default());
        let [one, two, three] =
            [(1, 1), (2, 2), (3, 1)].map(|(n, of)| enrol(&registry, n, owner(of)));
        registry.learn(one, vec![subscribed("cmd/", Takes::Text)]);
        registry.learn(two, vec![subscribed("cmd/", Takes::Text)]);
        registry.learn(three, vec![subscribed("cm", Takes::Cbor)]);
        assert_eq!(heard(&registry, &event(1, "cmd/go", 0)), [one]);
        assert_eq!(heard(&registry, &event(1, "cmd/go", 60)), [three]);
        assert!(heard(&registry, &event(1, "other", 0)).is_empty());
        registry.roll.set_owner(device(1), owner(2));
        registry.owner_changed(one);
        assert!(heard(&registry, &event(1, "cmd/go", 0)).is_empty());
        assert_eq!(heard(&registry, &event(2, "cmd/go", 0)).len(), 2);
        registry.roll.set_owner(device(1), None);
        registry.owner_changed(one);
        assert_eq!(heard(&registry, &event(2, "cmd/go", 0)), [two]);
    }

    #[test]
    fn a_subscription_to_one_device_hears_no_other() {
        let mut registry = Registry::new(Roll::default());
        let listener = enrol(&registry, 1, owner(1));
        // Some firmware asks for the first half of the id alone.
        let from = Some(device(2).to_string()[..12].into());
        registry.learn(listener, vec![Subscribed { from, ..subscribed("", Takes::Any) }]);
        let heard = |source| registry.listeners(&Event { source, ..event(1, "x", 0) }).count();
        assert_eq!(heard(Source::Device(device(2))) + heard(Source::Unprotected(device(2))), 2);
        assert_eq!(heard(Source::Device(device(3))) + heard(Source::Api), 0);
    }

    #[test]
    fn only_the_cloud_speaks_to_devices_under_a_reserved_name() {
        let mut registry = Registry::new(Roll::default());
        let prefixes = ["spark", "particle", "sparkle"].map(|name| subscribed(name, Takes::Any));
        let listener = enrol(&registry, 1, owner(1));
        registry.learn(listener, prefixes.to_vec());
        let heard =
            |name: &str, source| registry.listeners(&Event { source, ..event(1, name, 0) }).count();
        let other = Source::Device(device(2));
        for name in ["spark/device/reset", "particle/device/updates/forced", "spark"] {
            assert_eq!((heard(name, other), heard(name, Source::Api)), (0, 0), "{name}");
            assert_eq!(heard(name, Source::Cloud), 1, "{name}");
        }
        assert_eq!(heard("sparkle/x", other), 1);
    }

    #[test]
    fn a_device_cannot_subscribe_without_bound() {
        let mut registry = Registry::new(Roll::default());
        let device = enrol(&registry, 1, None);
        for n in 0..MAX_SUBSCRIPTIONS {
            assert!(registry.subscribe(device, subscribed(&n.to_string(), Takes::Any)).is_ok());
        }
        assert_eq!(registry.subscribe(device, subscribed("0", Takes::Any)), Ok(None));
        assert!(registry.subscribe(device, subscribed("more", Takes::Any)).is_err());
        assert_eq!(registry.lists.count(), 1, "the shorter lists are forgotten");
    }

    #[test]
    fn an_event_finds_every_list_that_takes_it_and_every_device_with_that_list() {
        let mut registry = Registry::new(Roll::default());
        for n in 0..200 {
            let device = enrol(&registry, n, owner(n % 2));
            registry.learn(device, vec![subscribed(&format!("{}/", n % 7), Takes::Any)]);
        }
        for (of, list) in (0..2).flat_map(|of| (0..7).map(move |list| (of, list))) {
            let expected = (0..200).filter(|n| n % 2 == of && n % 7 == list);
            let expected: Vec<_> =
                expected.map(|n| registry.roll.find(device(n)).unwrap()).collect();
            assert_eq!(heard(&registry, &event(of, &format!("{list}/x"), 0)), expected);
        }
    }

    #[test]
    fn equal_lists_are_kept_once_and_go_with_their_last_holder() {
        let mut registry = Registry::new(Roll::default());
        let devices = [1, 2, 3].map(|n| enrol(&registry, n, owner(1)));
        for device in devices {
            registry.learn(device, vec![subscribed("a", Takes::Any)]);
        }
        registry.learn(devices[2], vec![subscribed("b", Takes::Any)]);
        assert_eq!(registry.lists.count(), 2);
        assert_eq!(heard(&registry, &event(1, "a", 0)), devices[..2]);
        for device in devices {
            registry.unsubscribe(device);
        }
        assert_eq!((registry.lists.count(), registry.held.len(), registry.owned.len()), (0, 0, 0));
    }
}
