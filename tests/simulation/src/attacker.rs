//! An attacker on the path: keeps what it sees, sends any of it again at any later time from any address, and
//! forges what it can without a key.
//!
//! One thing it does not do: hold back for longer than the network itself may ([`Weather::HELD_UP`]) what it kept
//! from arriving. What has arrived it repeats whenever it likes.

use crate::lot::Lot;
use crate::network;
use crate::plan::Weather;
use crate::wire;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

/// How many datagrams it keeps; beyond, any of them makes room.
const MEMORY: usize = 2048;

/// A datagram it saw.
#[derive(Clone)]
pub struct Observed {
    /// Whether it was for the cloud.
    pub to_cloud: bool,
    /// The device's address, where it came from or was going.
    pub address: SocketAddr,
    /// The device that had it.
    pub device: usize,
    /// The datagram.
    pub bytes: Vec<u8>,
}

/// A datagram of its own.
pub struct Attack {
    /// In short.
    pub what: &'static str,
    /// Whether it is for the cloud.
    pub to_cloud: bool,
    /// The address it claims to come from, or goes to.
    pub address: SocketAddr,
    /// The device whose words it may get ahead of.
    pub troubles: Option<usize>,
    /// The datagram.
    pub bytes: Vec<u8>,
}

/// The attacker.
pub struct Attacker {
    lot: Lot,
    heard: Vec<Observed>,
    fresh: VecDeque<(Duration, Observed)>,
}

impl Attacker {
    /// The attacker of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { lot: Lot::of(seed, "attacker"), heard: Vec::new(), fresh: VecDeque::new() }
    }

    /// A datagram is sent.
    pub fn sent(&mut self, now: Duration, observed: Observed) {
        self.forget(now);
        self.fresh.push_back((now, observed));
    }

    /// A datagram arrives.
    pub fn arrived(&mut self, observed: Observed) {
        if self.heard.len() < MEMORY {
            return self.heard.push(observed);
        }
        let at = self.lot.below(MEMORY);
        if let Some(place) = self.heard.get_mut(at) {
            *place = observed;
        }
    }

    fn forget(&mut self, now: Duration) {
        while self.fresh.front().is_some_and(|(at, _)| *at + Weather::HELD_UP < now) {
            self.fresh.pop_front();
        }
    }

    /// Its next attack; `addresses` are those that devices have now.
    pub fn attack(&mut self, now: Duration, addresses: &[SocketAddr]) -> Option<Attack> {
        self.forget(now);
        match self.lot.below(12) {
            0..=4 => self.replay(addresses),
            5 => self.overtake(addresses),
            6..=8 => self.forge(addresses),
            9 => self.lie_in_the_open(addresses),
            10 => self.spoiled(),
            _ => self.replay_latest(addresses),
        }
    }

    fn elsewhere(&mut self, home: SocketAddr, addresses: &[SocketAddr]) -> SocketAddr {
        match self.lot.below(3) {
            0 => home,
            1 => self.lot.pick(addresses, home),
            _ => network::address(1 + self.lot.below(1000) as u16),
        }
    }

    fn replay(&mut self, addresses: &[SocketAddr]) -> Option<Attack> {
        let at = self.lot.below(self.heard.len());
        self.repeat("replays to", at, addresses)
    }

    /// What came last is most likely to be taken for new.
    fn replay_latest(&mut self, addresses: &[SocketAddr]) -> Option<Attack> {
        let at = self.heard.len().checked_sub(1 + self.lot.below(8))?;
        self.repeat("replays the latest to", at, addresses)
    }

    fn repeat(
        &mut self,
        what: &'static str,
        at: usize,
        addresses: &[SocketAddr],
    ) -> Option<Attack> {
        let Observed { to_cloud, address, bytes, .. } = self.heard.get(at)?.clone();
        let address = self.elsewhere(address, addresses);
        Some(Attack { what, to_cloud, address, troubles: None, bytes })
    }

    /// A copy of what was just sent gets there first, or instead.
    fn overtake(&mut self, addresses: &[SocketAddr]) -> Option<Attack> {
        let back = self.lot.below(self.fresh.len().min(6));
        let at = self.fresh.len().checked_sub(1 + back)?;
        let (_, Observed { to_cloud, address, device, bytes }) = self.fresh.get(at)?.clone();
        let address = self.elsewhere(address, addresses);
        Some(Attack { what: "overtakes", to_cloud, address, troubles: Some(device), bytes })
    }

    /// A record with a valid header and connection ID, and a number that is still to come.
    fn forge(&mut self, addresses: &[SocketAddr]) -> Option<Attack> {
        let at = self.lot.below(self.heard.len());
        let Observed { to_cloud, address, mut bytes, .. } = self.heard.get(at)?.clone();
        if !wire::is_protected(&bytes) {
            return self.lie_in_the_open(addresses);
        }
        let ahead = 1 + self.lot.below(70) as u8;
        if let Some(number) = bytes.get_mut(10) {
            *number = number.wrapping_add(ahead);
        }
        if self.lot.chance(300)
            && let Some(kind) = bytes.first_mut()
        {
            *kind = self.lot.pick(&[20, 21, 22, 23, 25, 253], 21);
        }
        Some(Attack { what: "forges to", to_cloud, address, troubles: None, bytes })
    }

    /// Alerts, resets and the like without any protection.
    fn lie_in_the_open(&mut self, addresses: &[SocketAddr]) -> Option<Attack> {
        let address = self.lot.pick(addresses, *addresses.first()?);
        let to_cloud = self.lot.chance(500);
        let number = self.lot.any() as u8;
        let bytes = match self.lot.below(6) {
            // close_notify and a fatal alert, in epoch 0 and pretending epoch 1.
            0 => vec![21, 254, 253, 0, 0, 0, 0, 0, 0, 0, number, 0, 2, 1, 0],
            1 => vec![21, 254, 253, 0, 0, 0, 0, 0, 0, 0, number, 0, 2, 2, 40],
            2 => vec![21, 254, 253, 0, 1, 0, 0, 0, 0, 0, number, 0, 2, 1, 0],
            // A CoAP reset, a keep-alive, a probe.
            3 => vec![0x70, 0, 0, number],
            4 => vec![number],
            _ => vec![252; 13],
        };
        Some(Attack { what: "lies in the open to", to_cloud, address, troubles: None, bytes })
    }

    fn spoiled(&mut self) -> Option<Attack> {
        let at = self.lot.below(self.heard.len());
        let place = self.lot.any();
        let Observed { to_cloud, address, mut bytes, .. } = self.heard.get(at)?.clone();
        network::spoil(&mut bytes, place);
        Some(Attack { what: "spoils for", to_cloud, address, troubles: None, bytes })
    }
}
