//! The slab of sessions. A slot is what a connection ID names; at rest it is all that a device costs.

use super::connection_id::{GENERATIONS, Place, SLOTS_PER_PARTITION};
use super::socket::Route;
use crate::device::{Here, Life, Standing};
use pintle_dtls::{Dialect, Session};
use pintle_protocol::DeviceId;
use pintle_protocol::exchange::Numbering;
use std::collections::VecDeque;

/// One device's session, hot fields first.
pub struct Live {
    /// The record layer.
    pub session: Session,
    /// Where the device is; unknown after a restart until it is heard from.
    pub route: Option<Route>,
    /// Whether `route` has answered a ping, or shook hands there (promise P11).
    pub proven: bool,
    /// Whether nothing the device says is acted on before it answered a ping of now: what it said before a
    /// crash may not all be known (promise P3).
    pub held: bool,
    /// The first record number that the journal was not asked to reserve; 0 where the session is not in it.
    pub asked: u32,
    /// Whether the device said who it is, and when it counts as gone.
    pub standing: Standing,
    /// The next token to use.
    pub next_token: u8,
    /// The next message id to use.
    pub next_message: u16,
    /// How the device numbers its messages, and which are past (promise P3); its life knows better while there is one.
    pub numbering: Numbering,
    /// Whom the pinned key belongs to.
    pub device: DeviceId,
    /// Its line on the roll.
    pub here: Here,
    /// What is under way; none for an idle device.
    pub life: Option<Box<Life>>,
}

/// How a device of this dialect numbers its messages: Device OS counts its messages up; others need not.
pub const fn numbering_of(dialect: Dialect) -> Numbering {
    match dialect {
        Dialect::DeviceOs => Numbering::Up(None),
        Dialect::Rfc9146 | Dialect::Plain => Numbering::Any,
    }
}

#[expect(clippy::large_enum_variant, reason = "a slab of sessions: nearly all slots are live")]
enum State {
    Free,
    Reserved,
    Live(Live),
}

struct Slot {
    generation: u16,
    state: State,
}

/// All slots of one partition.
pub struct Slots {
    partition: u8,
    slots: Vec<Slot>,
    free: VecDeque<u32>,
    live: usize,
    first_generation: u16,
}

impl Slots {
    /// An empty slab for `partition`. Slots begin at `first_generation`, another at each start, so that
    /// a connection ID from before a kill hardly ever names a session of now.
    pub fn new(partition: u8, first_generation: u16) -> Self {
        let first_generation = first_generation % GENERATIONS;
        Self { partition, slots: Vec::new(), free: VecDeque::new(), live: 0, first_generation }
    }

    /// The bytes that one idle session holds in the slab.
    pub const fn bytes_per_session() -> usize {
        size_of::<Slot>()
    }

    /// How many sessions are live.
    pub fn live(&self) -> usize {
        self.live
    }

    /// Sets a slot aside for a handshake; `None` when the partition is full.
    pub fn reserve(&mut self) -> Option<Place> {
        let slot = match self.free.pop_front() {
            Some(slot) => slot,
            None => self.grow()?,
        };
        let entry = self.slots.get_mut(slot as usize)?;
        entry.state = State::Reserved;
        Some(Place { partition: self.partition, slot, generation: entry.generation })
    }

    /// Puts a session in the slot that was reserved as `place`. False where it is not reserved.
    pub fn settle(&mut self, place: Place, live: Live) -> bool {
        let Some(entry) = self.entry(place) else { return false };
        if !matches!(entry.state, State::Reserved) {
            return false;
        }
        entry.state = State::Live(live);
        self.live += 1;
        true
    }

    /// Puts a saved session back where its connection ID says, in the place of any that was put back there
    /// before. False where the place is none of this partition.
    pub fn restore(&mut self, place: Place, live: Live) -> bool {
        if place.partition != self.partition || place.slot >= SLOTS_PER_PARTITION {
            return false;
        }
        while self.slots.len() <= place.slot as usize {
            let Some(slot) = self.grow() else { return false };
            self.free.push_back(slot);
        }
        let Some(entry) = self.slots.get_mut(place.slot as usize) else { return false };
        if !matches!(entry.state, State::Live(_)) {
            self.live += 1;
        }
        *entry = Slot { generation: place.generation, state: State::Live(live) };
        true
    }

    /// Sets address space aside for so many slots, so that the slab need not move as it grows. It takes no memory
    /// before they are used.
    pub fn make_room(&mut self, slots: usize) {
        let slots = slots.min(SLOTS_PER_PARTITION as usize);
        self.slots.reserve_exact(slots.saturating_sub(self.slots.len()));
    }

    /// Call once after the last [`Self::restore`]: puts the list of free slots right.
    pub fn restored(&mut self) {
        let free = |entry: &Slot| matches!(entry.state, State::Free);
        self.free =
            (0..).zip(&self.slots).filter(|(_, entry)| free(entry)).map(|(at, _)| at).collect();
    }

    /// The live session at `place`, if it is still the same one.
    pub fn get(&mut self, place: Place) -> Option<&mut Live> {
        match &mut self.entry(place)?.state {
            State::Live(live) => Some(live),
            State::Free | State::Reserved => None,
        }
    }

    /// Gives the slot up, whatever is in it, and hands out the session that was there. The next one
    /// here has another generation, and so another connection ID.
    pub fn release(&mut self, place: Place) -> Option<Live> {
        let entry = self.entry(place)?;
        let state = std::mem::replace(&mut entry.state, State::Free);
        if matches!(state, State::Free) {
            return None;
        }
        entry.generation = (entry.generation + 1) % GENERATIONS;
        self.free.push_back(place.slot);
        match state {
            State::Live(live) => {
                self.live -= 1;
                Some(live)
            }
            State::Free | State::Reserved => None,
        }
    }

    /// The place of the `index`-th slot where a session is live there: for a slow walk over all.
    pub fn place_at(&self, index: usize) -> Option<Place> {
        let entry = self.slots.get(index)?;
        matches!(entry.state, State::Live(_)).then(|| Place {
            partition: self.partition,
            slot: index as u32,
            generation: entry.generation,
        })
    }

    /// How many slots there are, used or not.
    pub fn count(&self) -> usize {
        self.slots.len()
    }

    fn grow(&mut self) -> Option<u32> {
        let slot =
            u32::try_from(self.slots.len()).ok().filter(|slot| *slot < SLOTS_PER_PARTITION)?;
        self.slots.push(Slot { generation: self.first_generation, state: State::Free });
        Some(slot)
    }

    fn entry(&mut self, place: Place) -> Option<&mut Slot> {
        self.slots.get_mut(place.slot as usize).filter(|entry| {
            place.partition == self.partition && entry.generation == place.generation
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_session_fits_four_cache_lines() {
        assert!(Slots::bytes_per_session() <= 256, "{} bytes", Slots::bytes_per_session());
    }

    #[test]
    fn a_slot_used_again_has_another_place() {
        let mut slots = Slots::new(2, 4095);
        let first = slots.reserve().unwrap();
        slots.release(first);
        let second = slots.reserve().unwrap();
        assert_eq!(first.slot, second.slot);
        assert_ne!(first, second);
        assert!(slots.get(first).is_none());
    }

    #[test]
    fn a_reserved_slot_is_not_live() {
        let mut slots = Slots::new(0, 7);
        let place = slots.reserve().unwrap();
        assert!(slots.get(place).is_none());
        assert_eq!((slots.live(), slots.place_at(0)), (0, None));
    }
}
