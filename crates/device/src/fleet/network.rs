//! The network between the fleet and the node: sockets, and the weather on them. Loss, corruption, duplication and
//! reordering fall on both directions; replays are our own datagrams of some time ago, sent once more.

use super::address;
use super::random::Random;
use super::socket::Wire;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::net::SocketAddrV4;

/// How long a datagram that is to come late is held at most, in milliseconds.
const LATEST: u32 = 40;
/// How many own datagrams are kept to be replayed.
const RECORDED: usize = 4096;
/// Held datagrams at most; past it they come in order.
const MOST_HELD: usize = 65_536;

/// Of a hundred datagrams in each direction, how many suffer what.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weather {
    /// Never arrive.
    pub loss: f64,
    /// Arrive twice.
    pub duplicate: f64,
    /// Arrive up to 40 ms late, behind others.
    pub reorder: f64,
    /// Arrive with one bit changed.
    pub corrupt: f64,
    /// Are followed by an old one of ours, sent again.
    pub replay: f64,
}

impl Weather {
    fn is_fair(&self) -> bool {
        [self.loss, self.duplicate, self.reorder, self.corrupt, self.replay]
            .iter()
            .all(|p| *p <= 0.0)
    }
}

/// What went over the sockets, and what the weather did to it.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Traffic {
    /// Datagrams handed to the kernel.
    pub sent: u64,
    /// Datagrams that came from the node.
    pub received: u64,
    /// Datagrams the kernel did not take.
    pub not_taken: u64,
    /// Datagrams that came to no device, or to a port that a device has left.
    pub stray: u64,
    /// Records that did not open: repeated or damaged ones among them.
    pub not_opened: u64,
    /// Lost on purpose.
    pub lost: u64,
    /// Doubled on purpose.
    pub duplicated: u64,
    /// Delayed on purpose.
    pub reordered: u64,
    /// Damaged on purpose.
    pub corrupted: u64,
    /// Replays offered to the node.
    pub replayed: u64,
}

/// Which device, through which socket.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Path {
    pub(super) device: u32,
    pub(super) socket: u8,
}

/// What is held back: when it is due, which way it goes, and its bytes.
type Held = Reverse<(u32, bool, Path, Vec<u8>)>;

/// The sockets and the weather.
pub(super) struct Network {
    pub(super) wires: Vec<Wire>,
    weather: Weather,
    fair: bool,
    random: Random,
    held: BinaryHeap<Held>,
    recorded: Vec<(Path, Vec<u8>)>,
    pub(super) traffic: Traffic,
}

impl Network {
    pub(super) fn open(
        target: SocketAddrV4,
        sockets: u8,
        weather: Weather,
        seed: u64,
    ) -> io::Result<Self> {
        Ok(Self {
            wires: (0..sockets).map(|_| Wire::open(target)).collect::<io::Result<_>>()?,
            weather,
            fair: weather.is_fair(),
            random: Random::new(seed),
            held: BinaryHeap::new(),
            recorded: Vec::new(),
            traffic: Traffic::default(),
        })
    }

    /// How many sockets there are.
    pub(super) fn sockets(&self) -> u8 {
        u8::try_from(self.wires.len()).unwrap_or(u8::MAX)
    }

    /// Sends a datagram of a device into the weather.
    pub(super) fn send(&mut self, now: u32, path: Path, datagram: &[u8]) {
        if self.fair {
            return self.put(path, datagram);
        }
        let mut damaged = Vec::new();
        let datagram = if self.random.happens(self.weather.corrupt) {
            damaged.extend_from_slice(datagram);
            self.damage(&mut damaged);
            damaged.as_slice()
        } else {
            datagram
        };
        for _ in 0..self.copies() {
            if self.is_late() {
                self.hold(now, true, path, datagram);
            } else {
                self.put(path, datagram);
            }
        }
        self.replay(path, datagram);
    }

    /// How often a datagram that just came counts as come now; it may be damaged, or be held back for later.
    pub(super) fn admit(&mut self, now: u32, path: Path, datagram: &mut [u8]) -> u8 {
        self.traffic.received += 1;
        if self.fair {
            return 1;
        }
        if self.random.happens(self.weather.corrupt) {
            self.damage(datagram);
        }
        let copies = self.copies();
        (0..copies)
            .map(|_| u8::from(!(self.is_late() && self.hold(now, false, path, datagram))))
            .sum()
    }

    fn copies(&mut self) -> u8 {
        if self.random.happens(self.weather.loss) {
            self.traffic.lost += 1;
            return 0;
        }
        let twice = self.random.happens(self.weather.duplicate);
        self.traffic.duplicated += u64::from(twice);
        1 + u8::from(twice)
    }

    fn damage(&mut self, datagram: &mut [u8]) {
        let length = u32::try_from(datagram.len()).unwrap_or(0);
        let at = self.random.below(length) as usize;
        if let Some(byte) = datagram.get_mut(at) {
            *byte ^= 1 << self.random.below(8);
            self.traffic.corrupted += 1;
        }
    }

    fn is_late(&mut self) -> bool {
        self.held.len() < MOST_HELD && self.random.happens(self.weather.reorder)
    }

    fn hold(&mut self, now: u32, outward: bool, path: Path, datagram: &[u8]) -> bool {
        self.traffic.reordered += 1;
        let due = now + 1 + self.random.below(LATEST);
        self.held.push(Reverse((due, outward, path, datagram.to_vec())));
        true
    }

    /// Keeps some datagrams, and sends one of them again.
    fn replay(&mut self, path: Path, datagram: &[u8]) {
        if self.weather.replay <= 0.0 {
            return;
        }
        if self.random.happens(self.weather.replay) {
            let at = self.random.below(u32::try_from(self.recorded.len()).unwrap_or(0)) as usize;
            if let Some((path, old)) = self.recorded.get(at).cloned() {
                self.traffic.replayed += 1;
                self.put(path, &old);
            }
        }
        if self.recorded.len() < RECORDED {
            self.recorded.push((path, datagram.to_vec()));
        } else {
            let at = self.random.below(RECORDED as u32) as usize;
            if let Some(place) = self.recorded.get_mut(at) {
                *place = (path, datagram.to_vec());
            }
        }
    }

    fn put(&mut self, path: Path, datagram: &[u8]) {
        if let Some(wire) = self.wires.get_mut(usize::from(path.socket)) {
            self.traffic.sent += 1;
            self.traffic.not_taken += wire.queue(address::of(path.device), datagram) as u64;
        }
    }

    /// Sends what was held back until now; gives what arrives only now.
    pub(super) fn release(&mut self, now: u32) -> Option<(Path, Vec<u8>)> {
        while self.held.peek().is_some_and(|Reverse((due, ..))| *due <= now) {
            let Reverse((_, outward, path, datagram)) = self.held.pop()?;
            if !outward {
                return Some((path, datagram));
            }
            self.put(path, &datagram);
        }
        None
    }

    /// Hands everything queued to the kernel.
    pub(super) fn flush(&mut self) {
        for wire in &mut self.wires {
            self.traffic.not_taken += wire.flush() as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{SocketAddr, UdpSocket};

    const PATH: Path = Path { device: 5, socket: 0 };

    fn network(weather: Weather) -> (Network, UdpSocket) {
        let node = UdpSocket::bind("127.0.0.1:0").unwrap();
        node.set_nonblocking(true).unwrap();
        let Ok(SocketAddr::V4(address)) = node.local_addr() else { panic!("an IPv4 address") };
        (Network::open(address, 1, weather, 1).unwrap(), node)
    }

    /// Loopback delivers within the system call that sends.
    fn heard(node: &UdpSocket) -> Vec<Vec<u8>> {
        let mut buffer = [0; 64];
        std::iter::from_fn(|| node.recv(&mut buffer).ok().map(|length| buffer[..length].to_vec()))
            .collect()
    }

    #[test]
    fn in_fair_weather_everything_arrives_once() {
        let (mut network, node) = network(Weather::default());
        (0..10).for_each(|n| network.send(0, PATH, &[n]));
        network.flush();
        assert_eq!(heard(&node), (0..10).map(|n| vec![n]).collect::<Vec<_>>());
        assert_eq!(network.admit(0, PATH, &mut [1]), 1);
    }

    #[test]
    fn what_the_weather_does_is_counted_in_both_directions() {
        let weather = Weather { loss: 20.0, duplicate: 20.0, corrupt: 20.0, ..Weather::default() };
        let (mut network, node) = network(weather);
        (0..100).for_each(|_| network.send(0, PATH, &[0]));
        network.flush();
        let outward = network.traffic;
        assert_eq!(heard(&node).len() as u64, 100 - outward.lost + outward.duplicated);
        assert!(outward.lost > 5 && outward.duplicated > 5 && outward.corrupted > 5);
        let came: u64 = (0..100).map(|_| u64::from(network.admit(0, PATH, &mut [0]))).sum();
        let inward =
            (network.traffic.lost - outward.lost, network.traffic.duplicated - outward.duplicated);
        assert_eq!(came, 100 - inward.0 + inward.1);
    }

    #[test]
    fn a_late_datagram_comes_later_but_comes() {
        let (mut network, node) = network(Weather { reorder: 100.0, ..Weather::default() });
        network.send(0, PATH, &[1]);
        assert_eq!(network.admit(0, PATH, &mut [2]), 0);
        network.flush();
        assert!(heard(&node).is_empty());
        assert!(network.release(0).is_none());
        assert!(
            network.release(LATEST + 1).is_some_and(|(path, bytes)| path == PATH && bytes == [2])
        );
        assert!(network.release(LATEST + 1).is_none());
        network.flush();
        assert_eq!(heard(&node), [[1]]);
    }

    #[test]
    fn a_replay_is_an_old_datagram_of_ours() {
        let (mut network, node) = network(Weather { replay: 100.0, ..Weather::default() });
        network.send(0, PATH, &[1]);
        network.send(0, PATH, &[2]);
        network.flush();
        assert_eq!((network.traffic.replayed, heard(&node)), (1, vec![vec![1], vec![2], vec![1]]));
    }
}
