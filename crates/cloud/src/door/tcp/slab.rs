//! The connections of the TCP door, each under a key that no later one has for long.

use crate::device::SessionKey;

/// Layout of a key in a [`SessionKey`], of which 40 bits are kept: generation (16), index (24).
const INDEX_BITS: u32 = 24;
const MOST: u32 = 1 << INDEX_BITS;

/// Names one connection: its place in the table, and how often the place was used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    index: u32,
    generation: u16,
}

impl Key {
    /// Where it is in a table of all connections.
    pub const fn index(self) -> usize {
        self.index as usize
    }

    /// The key as one number, at most 40 bits long.
    pub const fn pack(self) -> u64 {
        (self.generation as u64) << INDEX_BITS | self.index as u64
    }

    /// The key that a number was made of.
    pub const fn unpack(word: u64) -> Self {
        Self { index: (word & (MOST as u64 - 1)) as u32, generation: (word >> INDEX_BITS) as u16 }
    }

    /// How the roll calls it.
    pub const fn session(self) -> SessionKey {
        SessionKey(self.pack())
    }
}

struct Entry<T> {
    generation: u16,
    value: Option<T>,
}

/// A table of values under keys.
pub struct Slab<T> {
    entries: Vec<Entry<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    /// Puts a value in; `None` where no key is left.
    pub fn insert(&mut self, value: T) -> Option<Key> {
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                let index = u32::try_from(self.entries.len()).ok().filter(|index| *index < MOST)?;
                self.entries.push(Entry { generation: 0, value: None });
                index
            }
        };
        let entry = self.entries.get_mut(index as usize)?;
        entry.value = Some(value);
        Some(Key { index, generation: entry.generation })
    }

    /// The value under a key.
    pub fn get(&mut self, key: Key) -> Option<&mut T> {
        self.entry(key)?.value.as_mut()
    }

    /// Takes a value out: its key names nothing from here on.
    pub fn remove(&mut self, key: Key) -> Option<T> {
        let entry = self.entry(key)?;
        let value = entry.value.take()?;
        entry.generation = entry.generation.wrapping_add(1);
        self.free.push(key.index);
        Some(value)
    }

    /// How many values there are.
    pub fn count(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    /// The keys of all values.
    pub fn keys(&self) -> impl Iterator<Item = Key> + '_ {
        let entries = (0..).zip(&self.entries).filter(|(_, entry)| entry.value.is_some());
        entries.map(|(index, entry)| Key { index, generation: entry.generation })
    }

    /// The bytes that the table holds for one value.
    pub const fn bytes_each() -> usize {
        size_of::<Entry<T>>()
    }

    fn entry(&mut self, key: Key) -> Option<&mut Entry<T>> {
        let entry = self.entries.get_mut(key.index())?;
        (entry.generation == key.generation).then_some(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_what_was_put_in_and_nothing_that_comes_after() {
        let mut slab = Slab::default();
        let first = slab.insert("first").unwrap();
        assert_eq!(slab.remove(first), Some("first"));
        let second = slab.insert("second").unwrap();
        assert_eq!((first.index(), slab.get(first)), (second.index(), None));
        assert_eq!(slab.remove(first), None);
        assert_eq!((slab.count(), slab.keys().collect::<Vec<_>>()), (1, vec![second]));
    }

    #[test]
    fn a_key_survives_its_packing_in_forty_bits() {
        for key in [Key { index: 0, generation: 0 }, Key { index: MOST - 1, generation: u16::MAX }]
        {
            assert_eq!(Key::unpack(key.pack()), key);
            assert!(key.pack() < 1 << 40);
        }
    }
}
