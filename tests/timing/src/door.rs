//! How long a node's door leaves a connection open whose block is no pinned device's: it should be the same moment,
//! whatever is wrong with the block.
//!
//! The door opens few wrong blocks from one address, and not many at all before it takes them for an attack. So every
//! connection comes from a loopback address of its own, and every [`EACH`] of them meet a new node. Their beginnings
//! are spread over time, as those of strangers would be.

mod node;

use crate::blocks::{self, Kind, Maker};
use crate::sampling::Samples;
use fastrand::Rng;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, bind, connect, socket};
use node::Node;
use openssl::pkey::Public;
use openssl::rsa::Rsa;
use pintle_protocol::tcp::{DevicePublicKey, NONCE};
use pintle_rsa::DeviceKey;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

/// For a heading.
pub const TITLE: &str =
    "Through the door: blocks of devices that nobody pinned, until the connection ends";

/// What the others are compared with: good padding around what cannot be meant for this connection. Whoever asks the
/// cloud's key questions learns from it what a difference between this and bad padding tells.
pub const YARDSTICK: Kind = Kind::Nonce;

/// Handshakes with one node: fewer than its door takes for an attack.
const EACH: usize = 900;
/// Connections at a time.
const AT_ONCE: usize = 150;
/// How long the first ones wait at most before they begin: about as long as a refusal takes.
const SPREAD: Duration = Duration::from_secs(5);
/// Longer than any door waits.
const PATIENCE: Duration = Duration::from_secs(60);

/// Times so many handshakes with nodes of this program.
pub fn time(program: &Path, handshakes: usize, seed: u64) -> Samples {
    let device = *DeviceKey::generate().expect("a device's key").public();
    let samples = Mutex::new(Samples::default());
    for begun in (0..handshakes).step_by(EACH) {
        let node = Node::start(program).unwrap_or_else(|why| panic!("the node: {why}"));
        let count = EACH.min(handshakes - begun);
        let visit = Visit { node: &node, device, seed: seed + begun as u64, samples: &samples };
        visit.all(count);
    }
    samples.into_inner().expect("no thread panicked")
}

/// Handshakes with one node.
struct Visit<'v> {
    node: &'v Node,
    device: DevicePublicKey,
    seed: u64,
    samples: &'v Mutex<Samples>,
}

impl Visit<'_> {
    fn all(&self, count: usize) {
        let public = blocks::public_key(self.node.cloud.modulus()).expect("a public key");
        thread::scope(|scope| {
            for thread in 0..AT_ONCE.min(count) {
                let public = public.clone();
                scope.spawn(move || self.some(public, (thread..count).step_by(AT_ONCE)));
            }
        });
    }

    /// One after the other, from the addresses with these numbers.
    fn some(&self, public: Rsa<Public>, numbers: impl Iterator<Item = usize>) {
        let numbers: Vec<usize> = numbers.collect();
        let seed = self.seed + numbers.first().copied().unwrap_or_default() as u64;
        let mut maker = Maker::new(public, self.device, seed);
        thread::sleep(SPREAD.mul_f64(Rng::with_seed(seed).f64()));
        for number in numbers {
            // The one that is always the same has a nonce of its own: it is just another here.
            let kind = Some(maker.pick(YARDSTICK)).filter(|kind| *kind != Kind::Same);
            let kind = kind.unwrap_or(Kind::Noise);
            let took = self.one(&mut maker, kind, number).expect("a handshake");
            self.samples.lock().expect("no thread panicked").add(kind, took);
        }
    }

    /// From the block to the end of the connection.
    fn one(&self, maker: &mut Maker, kind: Kind, number: usize) -> io::Result<Duration> {
        let mut stream = connected(address(number), self.node.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut nonce = [0; NONCE];
        stream.read_exact(&mut nonce)?;
        let made = maker.answer(kind, nonce);
        let start = Instant::now();
        stream.write_all(&made.block)?;
        match stream.read(&mut [0; 1]) {
            Ok(0) => {}
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {}
            Ok(_) => panic!("the door answered a block of a device that nobody pinned"),
            Err(error) => return Err(error),
        }
        Ok(start.elapsed())
    }
}

/// A loopback address for each.
fn address(number: usize) -> Ipv4Addr {
    let [.., high, low] = (number / 250 * 256 + number % 250 + 1).to_be_bytes();
    Ipv4Addr::new(127, 1, high, low)
}

fn connected(from: Ipv4Addr, to: SocketAddrV4) -> io::Result<TcpStream> {
    let socket = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    bind(socket.as_raw_fd(), &SockaddrIn::from(SocketAddrV4::new(from, 0)))?;
    connect(socket.as_raw_fd(), &SockaddrIn::from(to))?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_handshake_with_a_node_has_an_address_of_its_own() {
        let addresses: BTreeSet<Ipv4Addr> = (0..EACH).map(address).collect();
        assert_eq!(addresses.len(), EACH);
        assert!(addresses.iter().all(|address| !matches!(address.octets()[3], 0 | 255)));
    }
}
