//! The network between the devices' addresses and the cloud: it loses, doubles, spoils, holds up, and hands
//! addresses to others.

use crate::lot::Lot;
use crate::plan::Weather;
use crate::trace::Fate;
use crate::wire;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// How many of a datagram's first bytes have the same place in every run, whatever the length of a signature.
const STEADY: usize = 160;

const QUICKEST: Duration = Duration::from_millis(15);
const SLOWEST: Duration = Duration::from_millis(60);

/// The network, and who has which address.
pub struct Network {
    /// What it does to datagrams.
    pub weather: Weather,
    lot: Lot,
    holders: BTreeMap<SocketAddr, usize>,
    free: Vec<SocketAddr>,
    next_port: u16,
}

/// What becomes of one datagram: when it arrives, and as what.
pub struct Travel {
    /// In short.
    pub fate: Fate,
    /// Each copy's time on the way, and its bytes.
    pub copies: Vec<(Duration, Vec<u8>)>,
}

impl Network {
    /// The network of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            weather: Weather::CALM,
            lot: Lot::of(seed, "network"),
            holders: BTreeMap::new(),
            free: Vec::new(),
            next_port: 1024,
        }
    }

    /// The device that has an address now.
    #[must_use]
    pub fn holder(&self, address: SocketAddr) -> Option<usize> {
        self.holders.get(&address).copied()
    }

    /// Gives a device another address, maybe one that was another's.
    pub fn move_device(&mut self, device: usize, from: Option<SocketAddr>) -> SocketAddr {
        let reused = !self.free.is_empty() && self.lot.chance(300);
        let address = if reused {
            let at = self.lot.below(self.free.len());
            self.free.swap_remove(at)
        } else {
            self.next_port += 1;
            address(self.next_port)
        };
        if let Some(old) = from.filter(|old| self.holder(*old) == Some(device)) {
            self.holders.remove(&old);
            self.free.push(old);
        }
        self.holders.insert(address, device);
        address
    }

    /// Sends a datagram.
    pub fn send(&mut self, mut datagram: Vec<u8>) -> Travel {
        let Weather { loss, doubled, late, spoiled } = self.weather;
        // Every draw is made for every datagram, so that one fate does not change the next datagram's.
        let [lost, doubled, late, spoiled] =
            [loss, doubled, late, spoiled].map(|per_mille| self.lot.chance(per_mille));
        let way = self.lot.between(QUICKEST, SLOWEST);
        let other_way = self.lot.between(QUICKEST, Weather::HELD_UP);
        let place = self.lot.any();
        if lost {
            return Travel { fate: Fate::Lost, copies: Vec::new() };
        }
        let mut copies = Vec::new();
        if doubled {
            copies.push((other_way, datagram.clone()));
        }
        if spoiled {
            spoil(&mut datagram, place);
        }
        copies.push((if late { other_way } else { way }, datagram));
        let fate = match (spoiled, late, doubled) {
            (true, ..) => Fate::Spoiled,
            (_, true, _) => Fate::Late,
            (.., true) => Fate::Doubled,
            _ => Fate::Sent,
        };
        Travel { fate, copies }
    }
}

/// Turns a bit, or cuts the end off.
pub fn spoil(datagram: &mut Vec<u8>, place: u64) {
    let steady = if wire::is_protected(datagram) { usize::MAX } else { STEADY };
    let length = datagram.len().min(steady).max(1);
    let at = (place >> 8) as usize % length;
    match place & 3 {
        0 => datagram.truncate(at),
        _ => {
            if let Some(byte) = datagram.get_mut(at) {
                *byte ^= 1 << (place >> 2 & 7);
            }
        }
    }
}

/// The address behind the fleet's router with this port.
#[must_use]
pub fn address(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7)), port)
}
