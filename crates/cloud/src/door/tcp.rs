//! How devices come in that speak only the TCP service: a listener, one thread for all connections, and a few for the
//! private-key work of their handshakes.
//!
//! There is no such door unless the operator asks for it: the protocol has weaknesses that no server can mend. To the
//! rest of the node it is one more shard, with a mailbox and a number after those of the shards on UDP, so that
//! gateway, roll and bus know of no difference. Nothing of a session outlives its connection, or the node.

mod address;
mod breaker;
mod buckets;
mod callers;
mod counters;
mod opening;
mod orders;
mod pool;
mod runner;
mod session;
mod shaking;
mod shard;
mod slab;
mod sockets;
mod updating;

pub use counters::TcpCounters;
pub use shaking::VERDICT_AFTER;

use super::{DoorError, Surroundings};
use crate::device::{Bell, Command, Enrolment, Mailbox};
use crate::pinning::Pinning;
use opening::{Enrolling, Opener};
use pintle_dtls::crypto::{AwsLc, Crypto};
use pintle_protocol::tcp::DevicePublicKey;
use pintle_rsa::CloudKey;
use pool::Pool;
use runner::Runner;
use session::Live;
use shard::{Connection, Parts, TcpShard};
use slab::{Key, Slab};
use sockets::Sockets;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// What the TCP door needs beside what every door does.
pub struct TcpParts {
    /// The cloud's RSA key for devices.
    pub key: CloudKey,
    /// Who may be pinned with the key they come with.
    pub enrolment: Enrolment,
    /// The way to a pin.
    pub pinning: Pinning,
    /// How many threads do private-key work.
    pub threads: usize,
    /// How many connections there may be.
    pub connections: usize,
}

/// A door that listens and lets nobody in yet.
pub struct BoundTcp {
    listener: TcpListener,
    address: SocketAddr,
    mailbox: Mailbox,
    commands: Receiver<Command>,
    bell: Arc<Bell>,
}

/// An open door.
pub struct TcpDoor {
    address: SocketAddr,
    mailbox: Mailbox,
    counters: Arc<TcpCounters>,
    thread: JoinHandle<()>,
}

impl BoundTcp {
    /// Binds `address`. Whoever connects waits until [`Self::open`].
    ///
    /// # Errors
    /// [`DoorError::BindTcp`], or that the system has no descriptor left.
    pub fn bind(address: SocketAddr) -> Result<Self, DoorError> {
        let bind = |source| DoorError::BindTcp { address, source };
        let listener = sockets::bind(address).map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        let (mailbox, commands, bell) = Mailbox::new()?;
        Ok(Self { listener, address, mailbox, commands, bell })
    }

    /// Where the door's commands are put in.
    pub fn mailbox(&self) -> Mailbox {
        self.mailbox.clone()
    }

    /// Starts to serve. `shards` are those on UDP, in the order of their numbers.
    ///
    /// # Errors
    /// [`DoorError`]; nothing is left running then.
    pub fn open(
        self,
        around: &Surroundings,
        parts: TcpParts,
        shards: Vec<Mailbox>,
    ) -> Result<TcpDoor, DoorError> {
        let Self { listener, address, mailbox, commands, bell } = self;
        let counters = Arc::new(TcpCounters::default());
        let number = u16::try_from(shards.len()).unwrap_or(u16::MAX);
        let opener = Arc::new(Opener {
            rsa: parts.key,
            roll: around.roll.clone(),
            decoy: decoy()?,
            enrolling: Enrolling {
                enrolment: parts.enrolment,
                pinning: parts.pinning,
                runtime: around.runtime.clone(),
            },
        });
        let shard = TcpShard::new(Parts {
            world: super::opening::world(around, mailbox.clone())?,
            number,
            most: parts.connections,
            counters: Arc::clone(&counters),
        });
        let runner = Runner {
            shard,
            sockets: Sockets::new(listener, &bell)?,
            pool: Pool::start(parts.threads, &opener, &bell)?,
            commands,
            bell,
            mailboxes: shards.into_iter().chain([mailbox.clone()]).collect(),
            started: Instant::now(),
            paused_until: Duration::ZERO,
        };
        let thread = Builder::new().name("tcp".into()).spawn(move || runner.run())?;
        around.bus.tap(Arc::new(mailbox.clone()));
        Ok(TcpDoor { address, mailbox, counters, thread })
    }
}

impl TcpDoor {
    /// The address bound.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the door's commands are put in.
    pub fn mailbox(&self) -> Mailbox {
        self.mailbox.clone()
    }

    /// The bytes that one idle device holds here, beside its line on the roll and what the system keeps.
    pub const fn bytes_per_session() -> usize {
        // At rest it has one alarm.
        let alarm = size_of::<(Duration, Key)>();
        Slab::<Connection>::bytes_each() + Live::bytes_each() + Sockets::bytes_each() + alarm
    }

    /// What the door counts.
    pub fn counters(&self) -> Arc<TcpCounters> {
        Arc::clone(&self.counters)
    }

    /// Closes the door and every connection.
    pub fn close(self) {
        let (done, words) = channel();
        self.mailbox.put(Command::Stop(done));
        // One that is no more has said so itself.
        let _ = words.recv();
        let _ = self.thread.join();
    }
}

/// A key to which nobody has the other half, for answers that nobody gets: an odd number of 1024 bits is all that
/// encrypting takes.
fn decoy() -> Result<DevicePublicKey, DoorError> {
    let mut modulus = [0; 128];
    AwsLc.fill_random(&mut modulus)?;
    let [first, .., last] = &mut modulus;
    *first |= 0x80;
    *last |= 1;
    let key = DevicePublicKey::from_modulus(&modulus);
    Ok(key.map_err(std::io::Error::other)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_device_costs_a_third_of_a_kibibyte() {
        assert!(TcpDoor::bytes_per_session() <= 341, "{} bytes", TcpDoor::bytes_per_session());
    }
}
