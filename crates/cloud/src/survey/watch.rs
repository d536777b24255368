//! What a node keeps an eye on across its fleet, in a memory that does not grow: things that should come once and came
//! again, and devices that are in two places.
//!
//! A device whose random numbers are bad gives itself away by repeating itself, or others of its kind: the random number of
//! its hello, its ephemeral point, the first half of an ECDSA signature (where that repeats, the private key follows). Of
//! each handshake that was completed, and so paid for by a pinned key, marks of the three are held against those of the
//! last ones. A key that was copied is seen in two places: its device comes from one address while its session from
//! another still lives, then from the first again. Addresses and values are kept as keyed hashes alone, under a key that
//! dies with the process (promise P6).

use pintle_protocol::DeviceId;
use serde::Serialize;
use std::collections::BTreeSet;
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// How many values of each kind are remembered, about: a newer one may take the place of an older one before.
const REMEMBERED: usize = 1 << 14;

/// How many devices' places are remembered, about.
const PLACES: usize = 1 << 12;

/// How many findings of each kind are kept: one is enough to act.
const FINDINGS: usize = 64;

/// What a device brought to a handshake that should never come again.
#[derive(Clone, Copy, Debug)]
pub struct Brought<'a> {
    /// The random number of its hello.
    pub random: &'a [u8],
    /// Its ephemeral point, or a part of it.
    pub point: &'a [u8],
    /// The first half of its signature.
    pub signature: &'a [u8],
}

/// The eye. Clones share it.
#[derive(Clone, Default)]
pub struct Watch {
    room: Arc<Mutex<Room>>,
}

/// What was seen since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// Handshakes that were looked at.
    pub handshakes: u64,
    /// How many of the last a new one is held against, about.
    pub remembers: usize,
    /// Random numbers of hellos that came before.
    pub randoms: Vec<Repeat>,
    /// Ephemeral points that came before.
    pub points: Vec<Repeat>,
    /// First halves of signatures that came before.
    pub signatures: Vec<Repeat>,
    /// Devices that came from two places in turn.
    pub places: Vec<Place>,
}

/// Something that came again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Repeat {
    /// Who brought it first.
    pub first: String,
    /// Who brought it again.
    pub again: String,
}

/// A device that was in two places.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// Which.
    pub device: String,
    /// How often it changed back.
    pub turns: u32,
}

#[derive(Default)]
struct Room {
    hasher: RandomState,
    handshakes: u64,
    randoms: Recent,
    points: Recent,
    signatures: Recent,
    places: Vec<Option<Sighting>>,
}

/// The last values of one kind. What is remembered where is told by the value's own hash.
#[derive(Default)]
struct Recent {
    marks: Vec<Option<(u64, DeviceId)>>,
    again: BTreeSet<(DeviceId, DeviceId)>,
}

/// Where a device was.
#[derive(Clone, Copy)]
struct Sighting {
    device: DeviceId,
    now: u64,
    before: Option<u64>,
    turns: u32,
}

impl Watch {
    /// Looks at what a device brought to a handshake that was completed.
    pub fn handshake(&self, device: DeviceId, brought: Brought<'_>) {
        let mut room = self.room.lock().unwrap_or_else(PoisonError::into_inner);
        let hasher = room.hasher.clone();
        room.handshakes = room.handshakes.saturating_add(1);
        room.randoms.look(device, hasher.hash_one(brought.random));
        room.points.look(device, hasher.hash_one(brought.point));
        room.signatures.look(device, hasher.hash_one(brought.signature));
    }

    /// Looks at where a device comes from; `alive` where a session of it from elsewhere still lived.
    pub fn place(&self, device: DeviceId, address: IpAddr, alive: bool) {
        let mut room = self.room.lock().unwrap_or_else(PoisonError::into_inner);
        let here = room.hasher.hash_one(address.to_canonical());
        let at = slot(room.hasher.hash_one(device), PLACES);
        if room.places.is_empty() {
            room.places = vec![None; PLACES];
        }
        let Some(place) = room.places.get_mut(at) else { return };
        match place {
            Some(known) if known.device == device => known.move_to(here, alive),
            // A device that was seen to turn is not forgotten for one that was not.
            Some(known) if known.turns > 0 => {}
            _ => *place = Some(Sighting { device, now: here, before: None, turns: 0 }),
        }
    }

    /// What was seen since the start.
    #[must_use]
    pub fn seen(&self) -> Seen {
        let room = self.room.lock().unwrap_or_else(PoisonError::into_inner);
        let turned = room.places.iter().flatten().filter(|place| place.turns > 0);
        let mut places: Vec<Place> = turned
            .map(|place| Place { device: place.device.to_string(), turns: place.turns })
            .collect();
        places.sort();
        Seen {
            handshakes: room.handshakes,
            remembers: REMEMBERED,
            randoms: room.randoms.repeats(),
            points: room.points.repeats(),
            signatures: room.signatures.repeats(),
            places,
        }
    }
}

impl Recent {
    fn look(&mut self, device: DeviceId, mark: u64) {
        if self.marks.is_empty() {
            self.marks = vec![None; REMEMBERED];
        }
        let Some(place) = self.marks.get_mut(slot(mark, REMEMBERED)) else { return };
        match place.replace((mark, device)) {
            Some((known, first)) if known == mark && self.again.len() < FINDINGS => {
                self.again.insert((first, device));
            }
            _ => {}
        }
    }

    fn repeats(&self) -> Vec<Repeat> {
        let each = self.again.iter();
        each.map(|(first, again)| Repeat { first: first.to_string(), again: again.to_string() })
            .collect()
    }
}

impl Sighting {
    fn move_to(&mut self, here: u64, alive: bool) {
        if here == self.now {
            return;
        }
        if alive && self.before == Some(here) {
            self.turns = self.turns.saturating_add(1);
        }
        (self.before, self.now) = (Some(self.now), here);
    }
}

/// The lower half of a hash tells the place; all of it is compared.
fn slot(hash: u64, places: usize) -> usize {
    usize::try_from(hash & u64::from(u32::MAX)).unwrap_or(0) % places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(number: u8) -> DeviceId {
        DeviceId::from_bytes([number; 12])
    }

    fn brought(value: &[u8]) -> Brought<'_> {
        Brought { random: value, point: b"a point of its own", signature: value }
    }

    #[test]
    fn what_comes_again_is_told_with_both_who_brought_it() {
        let watch = Watch::default();
        watch.handshake(device(1), brought(b"one"));
        watch.handshake(device(2), Brought { point: b"another", ..brought(b"two") });
        watch.handshake(device(3), Brought { point: b"a third", ..brought(b"one") });
        let seen = watch.seen();
        let pair = Repeat { first: device(1).to_string(), again: device(3).to_string() };
        assert_eq!(
            (seen.randoms.as_slice(), seen.signatures.as_slice()),
            ([pair.clone()].as_slice(), [pair].as_slice())
        );
        assert_eq!((seen.points, seen.handshakes), (Vec::new(), 3));
    }

    #[test]
    fn a_device_that_moves_is_in_one_place_and_one_that_moves_back_and_forth_in_two() {
        let watch = Watch::default();
        let (home, away) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        for address in [home, away, away, home] {
            watch.place(device(1), address, false);
        }
        assert_eq!(watch.seen().places, []);
        for address in [home, away, home, away] {
            watch.place(device(2), address, true);
        }
        let found = Place { device: device(2).to_string(), turns: 2 };
        assert_eq!(watch.seen().places, [found]);
    }

    #[test]
    fn p6_neither_an_address_nor_a_value_is_kept_as_it_is() {
        let watch = Watch::default();
        watch.place(device(1), IpAddr::from([10, 99, 98, 97]), true);
        let text = serde_json::to_string(&watch.seen()).unwrap();
        assert!(!text.contains("10.99"), "{text}");
    }

    #[test]
    fn what_is_remembered_does_not_grow() {
        let watch = Watch::default();
        for number in 0..1_000_u32 {
            let same = number % 500;
            watch.handshake(
                DeviceId::from_bytes([same as u8; 12]),
                Brought { random: &same.to_be_bytes(), point: b"", signature: b"" },
            );
        }
        let seen = watch.seen();
        assert!(seen.randoms.len() <= FINDINGS && seen.points.len() <= FINDINGS, "{seen:?}");
    }
}
