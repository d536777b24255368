//! Updates take turns. What they have to send could keep a shard busy for as long as they last, so each turn of the
//! shard sends a bounded number of chunks, a burst a device, in the order in which devices became ready for more.

use super::connection_id::Place;
use super::shard::Shard;
use crate::device::update::{Order, Seats, UpdateError};
use std::collections::VecDeque;

/// How many chunks leave in one turn of the shard: a third of a millisecond of sealing.
const TURN: usize = 64;

/// How many of them go to one device.
const BURST: usize = 16;

/// The updates of one shard.
#[derive(Default)]
pub(super) struct Sending {
    /// Who may have chunks to send, each once.
    queue: VecDeque<Place>,
    seats: Seats,
}

impl Sending {
    /// Whether any device waits for its turn.
    pub(super) fn waits(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Lets a device have a turn.
    pub(super) fn queue(&mut self, place: Place) {
        self.queue.push_back(place);
    }
}

impl Shard {
    /// Begins to send the device at `place` an update.
    pub(super) fn update(&mut self, place: Place, order: Order) {
        let online = |shard: &mut Self| {
            let live = shard.slots.get(place).filter(|live| live.route.is_some())?;
            Some((live.here.number, live.standing.chunk))
        };
        let found = online(self).filter(|(number, _)| self.world.roll.is_online(*number));
        let Some((_, chunk)) = found else { return order.end(Err(UpdateError::Offline)) };
        let seat = self.sending.seats.take();
        self.with_life(place, |life, world, out| life.update(world, chunk, seat, order, out));
    }

    /// Breaks the update of the device at `place` off, if somebody wants that.
    pub(super) fn cancel_update(&mut self, place: Place) {
        self.with_life(place, |life, world, out| life.cancel_update(world, out));
    }

    /// Sends this turn's chunks.
    pub(super) fn send_chunks(&mut self) {
        let mut left = TURN;
        while left > 0
            && let Some(place) = self.sending.queue.pop_front()
        {
            let sent = self.send_burst(place, BURST.min(left));
            // One that had nothing to send has cost something too.
            left -= sent.max(1);
        }
    }

    /// Sends some chunks to the device at `place`; how many. To an address that is not proven none go: they wait until
    /// it is (promise P11).
    fn send_burst(&mut self, place: Place, most: usize) -> usize {
        let Some(live) = self.slots.get(place) else { return 0 };
        let may = live.proven && live.route.is_some();
        let Some(life) = &mut live.life else { return 0 };
        life.had_turn();
        if !may {
            return 0;
        }
        let sent = life.send_chunks(&self.world, most, &mut self.out);
        self.speak(place);
        sent
    }
}
