//! Handshakes over TCP: from a connection to a session, or to the moment at which all that failed end.
//!
//! 1. [`TcpShard::arrived`]: a connection gets its nonce, or waits for others from its address.
//! 2. [`TcpShard::take_block`]: its 256 bytes come in, within [`BLOCK_DEADLINE`] and in any pieces. It is not listened
//!    to any more then: there is one block a connection.
//! 3. An RSA thread opens the block, and does the same work whatever is in it ([`super::opening`]).
//! 4. [`TcpShard::opened`]: a device is answered at once. Everyone else hears nothing: the connection is closed
//!    [`VERDICT_AFTER`] its block was here, whatever was wrong with it, and however long it took to see that.

use super::address::Tag;
use super::callers::Turn;
use super::opening::{Admitted, Opened, Stranger};
use super::orders::Order;
use super::pool::{Finished, Work};
use super::session::Live;
use super::shard::{Connection, Stage, TcpShard};
use super::slab::Key;
use crate::device::{End, Transport};
use crate::device_key::KeyKind;
use crate::store::pin::{self, HistoryEntry, What};
use crate::weakened::{self, Weakness};
use pintle_dtls::crypto::{AwsLc, Crypto};
use pintle_protocol::tcp::server::Greeting;
use pintle_protocol::tcp::{BLOCK_DEADLINE, HELLO_DEADLINE, NONCE};
use std::convert::Infallible;
use std::net::IpAddr;
use std::time::Duration;

/// How long after its block a connection ends that is no device's. Longer than opening a block takes, even when many
/// come at once; shorter than the 20 seconds for which devices wait.
pub const VERDICT_AFTER: Duration = Duration::from_secs(5);

/// How long after its end a refused device is written down. That takes the machine a moment, by which the end of a
/// block that was made for this cloud, and with its connection's nonce, could be told from the end of any other.
const NOTE_AFTER: Duration = Duration::from_secs(1);

impl TcpShard {
    /// A connection came. `None` where it is to be closed at once.
    pub fn arrived(&mut self, address: IpAddr) -> Option<Key> {
        self.counters.came();
        let from = self.tagger.tag(address);
        if self.callers.is_full() {
            self.make_room();
        }
        if self.callers.is_full() || self.connections.count() >= self.most {
            self.counters.crowded();
            return None;
        }
        let turn = self.callers.arrive(from);
        if turn == Turn::Never {
            self.counters.crowded();
            return None;
        }
        let ends_at = self.world.now + BLOCK_DEADLINE;
        let connection = Connection { from, stage: Stage::Waiting, ends_at, alarm: None };
        let Some(key) = self.connections.insert(connection) else {
            self.pass_on_turn(from);
            return None;
        };
        self.callers.came(key);
        match turn {
            Turn::Now => self.greet(key),
            Turn::Later | Turn::Never => {
                self.counters.waited();
                self.callers.keep_waiting(from, key);
            }
        }
        self.set_alarm(key);
        Some(key)
    }

    /// Gives up the one that came first, however far it has come: what a crowd ends says nothing about a block.
    fn make_room(&mut self) {
        while let Some(key) = self.callers.first() {
            if self.connections.get(key).is_some_and(|connection| connection.is_at_door()) {
                self.counters.crowded();
                return self.close(key, End::NotIntroduced);
            }
        }
    }

    /// Sends the nonce.
    fn greet(&mut self, key: Key) {
        let mut nonce = [0; NONCE];
        if let Err(error) = AwsLc.fill_random(&mut nonce) {
            tracing::error!(%error, "there is no randomness for a handshake over TCP");
            return self.close(key, End::NotIntroduced);
        }
        let ends_at = self.world.now + BLOCK_DEADLINE;
        if let Some(connection) = self.connections.get(key) {
            connection.stage = Stage::Greeting(Box::new(Greeting::new(nonce)));
            connection.ends_at = ends_at;
            self.say_raw(key, &nonce);
            self.orders.add(Order::Listen(key, true));
        }
    }

    fn say_raw(&mut self, key: Key, bytes: &[u8]) {
        let _infallible = self.orders.send(key, |out| {
            out.extend_from_slice(bytes);
            Ok::<(), Infallible>(())
        });
    }

    /// Takes some of a block; when it is whole it goes to the RSA threads.
    pub(super) fn take_block(&mut self, key: Key, bytes: &[u8]) {
        let now = self.world.now;
        let Some(connection) = self.connections.get(key) else { return };
        let Stage::Greeting(greeting) = &mut connection.stage else { return };
        // What comes after the block is nothing that a device sends unasked.
        let too_much = greeting.take(bytes) < bytes.len();
        if !greeting.is_full() {
            return;
        }
        let Stage::Greeting(greeting) = std::mem::replace(&mut connection.stage, Stage::Opening)
        else {
            return;
        };
        let from = connection.from;
        self.orders.add(Order::Listen(key, false));
        self.end_at(key, now + VERDICT_AFTER);
        let block = greeting.into_block().filter(|_| !too_much && self.breaker.opens(from, now));
        match block {
            Some(block) => {
                self.opening += 1;
                self.blocks.push(Work { key, from, block });
            }
            None => self.stays_shut(key, from),
        }
    }

    /// The RSA threads do not take a block.
    pub fn not_opened(&mut self, key: Key, from: Tag) {
        self.opening = self.opening.saturating_sub(1);
        self.stays_shut(key, from);
    }

    /// A block stays unopened: it ends as a wrong one does.
    fn stays_shut(&mut self, key: Key, from: Tag) {
        self.counters.unopened();
        self.doom(key, None);
        self.end_turn(key, from);
    }

    /// A block was dealt with. One that failed has its turn for as long as it has to wait for its end.
    fn end_turn(&mut self, key: Key, from: Tag) {
        let stage = self.connections.get(key).map(|connection| &connection.stage);
        if !matches!(stage, Some(Stage::Doomed(_))) {
            self.pass_on_turn(from);
        }
    }

    fn doom(&mut self, key: Key, stranger: Option<Box<Stranger>>) {
        if let Some(connection) = self.connections.get(key)
            && matches!(connection.stage, Stage::Opening)
        {
            connection.stage = Stage::Doomed(stranger);
        }
    }

    /// Hears what was in a block.
    pub fn opened(&mut self, Finished { key, from, opened }: Finished) {
        self.opening = self.opening.saturating_sub(1);
        match opened {
            Opened::Admitted(admitted) => {
                let Admitted { device, enrolled, .. } = *admitted;
                if enrolled || self.breaker.admits(device, from, self.world.now) {
                    self.admit(key, *admitted);
                } else {
                    self.counters.hurried();
                    self.fail(key, from, None);
                }
            }
            Opened::Refused(stranger) => {
                self.counters.failed();
                let told = stranger.is_none() && weakened::is(Weakness::TcpPaddingTold);
                self.fail(key, from, stranger);
                if told {
                    self.close(key, End::NotIntroduced);
                }
            }
            Opened::TooLate => return self.stays_shut(key, from),
        }
        self.end_turn(key, from);
    }

    fn fail(&mut self, key: Key, from: Tag, stranger: Option<Box<Stranger>>) {
        self.doom(key, stranger);
        if self.breaker.failed(from, self.world.now) {
            self.alarm();
        }
    }

    /// Answers a device, whose block proved nothing yet: only who has its key can read the answer.
    fn admit(&mut self, key: Key, admitted: Admitted) {
        let (now, wall_ms) = (self.world.now, self.world.wall_ms);
        if admitted.enrolled {
            self.counters.enrolled();
            self.world.learn(admitted.device);
        }
        // The pin may have changed since it was looked up (promise P1).
        let here = self.world.roll.enter(admitted.device, admitted.fingerprint);
        let Some(connection) = self.connections.get(key) else { return };
        let (Some(here), Stage::Opening) = (here, &connection.stage) else {
            return self.doom(key, None);
        };
        self.counters.completed();
        self.callers.left();
        self.world.roll.shook_hands(here.number, wall_ms, Transport::Tcp);
        connection.stage =
            Stage::Live(Box::new(Live::new(admitted.session, admitted.device, here)));
        self.say_raw(key, &admitted.answer);
        self.orders.add(Order::Listen(key, true));
        self.end_at(key, now + HELLO_DEADLINE);
        if let Some(older) = self.arrivals.insert(here.number, key)
            && !weakened::is(Weakness::TcpSessionsPileUp)
        {
            self.close(older, End::Replaced);
        }
    }

    /// A device from this address said hello, and so has its key.
    pub(super) fn is_in(&mut self, from: Tag) {
        if self.breaker.succeeded(from, self.world.now) {
            tracing::warn!("handshakes over TCP fail no more than usual again: everyone is heard");
        }
    }

    /// Lets the next from this address shake hands.
    pub(super) fn pass_on_turn(&mut self, from: Tag) {
        while let Some(next) = self.callers.done(from) {
            let stage = self.connections.get(next).map(|connection| &connection.stage);
            if matches!(stage, Some(Stage::Waiting)) {
                self.greet(next);
                return self.set_alarm(next);
            }
        }
    }

    /// A connection's time is up.
    pub(super) fn time_is_up(&mut self, key: Key) {
        match self.connections.get(key).map(|connection| &connection.stage) {
            Some(Stage::Live(live)) if live.is_introduced() => self.close(key, End::Silent),
            Some(_) => self.close(key, End::NotIntroduced),
            None => {}
        }
    }

    /// One that had proven nothing is gone.
    pub(super) fn left_the_door(&mut self, from: Tag, stage: Stage) {
        self.callers.left();
        match stage {
            Stage::Greeting(_) => {
                self.counters.stalled();
                self.pass_on_turn(from);
            }
            Stage::Waiting => self.counters.stalled(),
            Stage::Doomed(stranger) => {
                let write_at = self.world.now + NOTE_AFTER;
                self.refused.extend(stranger.map(|stranger| (write_at, stranger)));
                self.pass_on_turn(from);
            }
            // Its turn ends with its block, wherever that is.
            Stage::Opening | Stage::Live(_) => {}
        }
        let Self { callers, connections, .. } = self;
        callers.tidy(|key| connections.get(key).is_some_and(|connection| connection.is_at_door()));
    }

    /// Notes who was refused, a while ago or, at the end, ever.
    pub fn write_down_refused(&mut self, all: bool) {
        let now = self.world.now;
        while let Some((_, stranger)) = self.refused.pop_front_if(|(at, _)| all || *at <= now) {
            self.write_down(&stranger);
        }
    }

    fn write_down(&mut self, stranger: &Stranger) {
        let Stranger { device, fingerprint, is_known } = *stranger;
        if !self.strangers.count(device, self.world.now) {
            return;
        }
        let (what, detail) = match is_known {
            true => (What::RefusedWrongId, "over TCP: another key is pinned for the device"),
            false => (What::RefusedUnpinned, "over TCP: no key is pinned for the device"),
        };
        tracing::warn!(%device, key = %fingerprint, "refused a device {detail}");
        let entry = HistoryEntry {
            at_ms: self.world.wall_ms,
            device: Some(device),
            fingerprint: Some(fingerprint),
            kind: KeyKind::Rsa1024,
            what: what.as_str().into(),
            detail: detail.into(),
        };
        self.world.enqueue(pin::note(&entry));
    }

    /// So many blocks were wrong that somebody may be asking the cloud's key questions.
    fn alarm(&mut self) {
        self.counters.alarm();
        tracing::error!(
            "so many handshakes over TCP fail that somebody may be asking the cloud's key questions: \
             until that stops, only addresses are heard from which devices came in before"
        );
        let entry = HistoryEntry {
            at_ms: self.world.wall_ms,
            device: None,
            fingerprint: None,
            kind: KeyKind::Rsa1024,
            what: What::RefusedHandshakes.as_str().into(),
            detail: "over TCP: so many fail that somebody may be asking the cloud's key questions"
                .into(),
        };
        self.world.enqueue(pin::note(&entry));
    }
}
