//! The partitions of a shard. A connection ID names a partition; partitions are mapped to shards when the
//! node starts, so a change of cores strands nobody: a shard takes up the partitions of shards that are no
//! more beside its own, and new sessions begin in its own alone.

use super::connection_id::Place;
use super::slots::{Live, Slots};

/// Which shard a partition belongs to, of so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    shards: u8,
}

impl Layout {
    /// The layout of a node with `shards` shards; at least one.
    pub fn new(shards: u8) -> Self {
        Self { shards: shards.max(1) }
    }

    /// How many shards there are.
    pub fn shards(self) -> u8 {
        self.shards
    }

    /// The shard that a partition belongs to.
    pub fn shard_of(self, partition: u8) -> u8 {
        partition % self.shards
    }
}

/// All slots of one shard.
pub struct Partitions {
    layout: Layout,
    /// By partition number divided by the number of shards: the first is the shard's own.
    all: Vec<Slots>,
    first_generation: u16,
    shard: u8,
}

impl Partitions {
    /// The slots of `shard`, all empty; see [`Slots::new`] for `first_generation`.
    pub fn new(layout: Layout, shard: u8, first_generation: u16) -> Self {
        let all = vec![Slots::new(shard, first_generation)];
        Self { layout, all, first_generation, shard }
    }

    /// Which shard a place belongs to.
    pub fn shard_of(&self, place: Place) -> u8 {
        self.layout.shard_of(place.partition)
    }

    /// Whether a place is this shard's.
    pub fn is_here(&self, place: Place) -> bool {
        self.shard_of(place) == self.shard
    }

    /// Sets a slot aside for a handshake; `None` when the shard's own partition is full.
    pub fn reserve(&mut self) -> Option<Place> {
        self.all.first_mut()?.reserve()
    }

    /// See [`Slots::settle`].
    pub fn settle(&mut self, place: Place, live: Live) -> bool {
        self.of_mut(place).is_some_and(|slots| slots.settle(place, live))
    }

    /// Makes sure that there is an `index`-th partition, with room for so many sessions.
    pub fn add(&mut self, index: usize, room: usize) {
        while let Some(partition) =
            self.partition(self.all.len()).filter(|_| self.all.len() <= index)
        {
            self.all.push(Slots::new(partition, self.first_generation));
        }
        if let Some(slots) = self.all.get_mut(index) {
            slots.make_room(room);
        }
    }

    /// See [`Slots::restore`]; false where the partition is another shard's.
    pub fn restore(&mut self, place: Place, live: Live) -> bool {
        if !self.is_here(place) {
            return false;
        }
        self.of_mut(place).is_some_and(|slots| slots.restore(place, live))
    }

    /// See [`Slots::restored`].
    pub fn restored(&mut self) {
        self.all.iter_mut().for_each(Slots::restored);
    }

    /// The live session at `place`, if it is still the same one.
    pub fn get(&mut self, place: Place) -> Option<&mut Live> {
        self.of_mut(place)?.get(place)
    }

    /// See [`Slots::release`].
    pub fn release(&mut self, place: Place) -> Option<Live> {
        self.of_mut(place)?.release(place)
    }

    /// The place of the `index`-th slot of the shard where a session is live there: for a slow walk over
    /// all.
    pub fn place_at(&self, mut index: usize) -> Option<Place> {
        for slots in &self.all {
            match index.checked_sub(slots.count()) {
                Some(rest) => index = rest,
                None => return slots.place_at(index),
            }
        }
        None
    }

    /// Which of the shard's partitions a place is in, counted from 0; none where it is another shard's.
    pub fn index_of(&self, place: Place) -> Option<usize> {
        self.is_here(place).then(|| usize::from(place.partition / self.layout.shards()))
    }

    /// The number of the `index`-th partition of the shard.
    pub fn partition(&self, index: usize) -> Option<u8> {
        u8::try_from(usize::from(self.shard) + index * usize::from(self.layout.shards())).ok()
    }

    /// How many slots the `index`-th partition has.
    pub fn count_in(&self, index: usize) -> usize {
        self.all.get(index).map_or(0, Slots::count)
    }

    /// The place of a slot of the `index`-th partition where a session is live there.
    pub fn place_in(&self, index: usize, slot: usize) -> Option<Place> {
        self.all.get(index)?.place_at(slot)
    }

    /// How many slots there are, used or not.
    pub fn count(&self) -> usize {
        self.all.iter().map(Slots::count).sum()
    }

    fn of_mut(&mut self, place: Place) -> Option<&mut Slots> {
        if !self.is_here(place) {
            return None;
        }
        self.all.get_mut(usize::from(place.partition / self.layout.shards()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_partition_belongs_to_one_shard_whatever_their_number() {
        for shards in 1..=16 {
            let layout = Layout::new(shards);
            for partition in 0..=255 {
                let owners = (0..shards).filter(|shard| {
                    let partitions = Partitions::new(layout, *shard, 0);
                    partitions.is_here(Place { partition, slot: 0, generation: 0 })
                });
                assert_eq!(owners.count(), 1, "partition {partition} of {shards}");
            }
        }
    }

    #[test]
    fn a_new_session_begins_in_the_shards_own_partition() {
        let mut partitions = Partitions::new(Layout::new(3), 2, 9);
        let place = partitions.reserve().unwrap();
        assert_eq!((place.partition, place.generation), (2, 9));
        assert!(partitions.get(Place { partition: 5, ..place }).is_none());
        assert!(partitions.get(Place { partition: 1, ..place }).is_none());
    }
}
