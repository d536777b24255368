//! Updates over TCP take turns. Each has a file to send, and would keep the door busy for as long as that takes: so each
//! round of the door says a bounded number of messages, a burst a device, in the order in which devices were ready for
//! more. One whose connection is full waits until it takes something.

use super::shard::{TcpShard, live};
use super::slab::Key;
use crate::device::update::{Order, Seats, UpdateError};
use crate::device::{Scene, TcpLife, TcpVerdict, World};
use std::collections::VecDeque;
use std::time::Duration;

/// How many devices have a turn in one round of the door.
const ROUND: usize = 8;

/// How many messages go to one device in a turn. They fit into what may wait for it in our memory; and whether they had
/// to wait is known before its next.
const BURST: usize = 16;

/// How long past its deadline a session with an update stays: that ends it then.
const GRACE: Duration = Duration::from_secs(1);

/// The updates of the door.
#[derive(Default)]
pub(super) struct Sending {
    /// Who may have something to send, each once.
    queue: VecDeque<Key>,
    seats: Seats,
}

impl TcpShard {
    /// Whether an update waits for its turn.
    pub fn has_turns(&self) -> bool {
        !self.sending.queue.is_empty()
    }

    /// Begins to send a device an update.
    pub(super) fn update(&mut self, key: Key, order: Order) {
        let seat = self.sending.seats.take();
        let introduced = live(&mut self.connections, key).is_some_and(|live| live.is_introduced());
        if !introduced {
            return order.end(Err(UpdateError::Offline));
        }
        self.with_life(key, |life, world, scene| {
            life.update(world, scene, seat, order);
            TcpVerdict::Keep
        });
    }

    /// Breaks the update of a device off, if somebody wants that.
    pub(super) fn cancel_update(&mut self, key: Key) {
        self.with_life(key, |life, _, _| life.cancel_update());
    }

    /// Says what updates have to say in this round.
    pub fn take_turns(&mut self) {
        for _ in 0..self.sending.queue.len().min(ROUND) {
            let Some(key) = self.sending.queue.pop_front() else { break };
            self.with_life(key, |life, world, scene| {
                life.had_turn();
                life.take_turn(world, scene, BURST)
            });
        }
    }

    /// A connection takes nothing more for now, or takes more again.
    pub fn is_full(&mut self, key: Key, full: bool) {
        let Some(live) = live(&mut self.connections, key) else { return };
        let Some(life) = live.life() else { return };
        life.set_full(full);
        self.let_have_turn(key);
    }

    /// Lets an update have a turn, if it has something to send.
    pub(super) fn let_have_turn(&mut self, key: Key) {
        let Some(life) = live(&mut self.connections, key).and_then(|live| live.life()) else {
            return;
        };
        let due = life.update_due();
        if life.asks_for_turn() {
            self.sending.queue.push_back(key);
        }
        // A device may be silent for longer while it is updated.
        if let (Some(due), Some(connection)) = (due, self.connections.get(key)) {
            connection.ends_at = connection.ends_at.max(due + GRACE);
        }
    }

    /// Lets the life of a device do something, and lets happen what comes of it.
    pub(super) fn with_life(
        &mut self,
        key: Key,
        act: impl FnOnce(&mut TcpLife, &World, &mut Scene<'_>) -> TcpVerdict,
    ) {
        let Some(live) = live(&mut self.connections, key) else { return };
        let mut effects = std::mem::take(&mut self.effects);
        let (life, mut scene) = live.scene(key, &mut effects);
        let verdict = act(life, &self.world, &mut scene);
        self.live_on(key, verdict, effects);
        self.set_alarm(key);
    }
}
