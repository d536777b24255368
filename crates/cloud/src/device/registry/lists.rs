//! Lists of subscriptions, each kept once however many devices hold it: a product's devices all make the same.

use super::subscribed::Subscribed;
use hashbrown::HashTable;
use std::hash::{BuildHasher, RandomState};

/// A list's number; the empty list has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ListNumber(u32);

impl ListNumber {
    /// The lowest number.
    pub(super) const FIRST: Self = Self(0);

    /// The number after this one.
    pub(super) fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }
}

#[derive(Default)]
struct Kept {
    list: Box<[Subscribed]>,
    holders: u32,
}

/// The lists by number, and the way from a list to its number.
#[derive(Default)]
pub(super) struct Lists {
    kept: Vec<Kept>,
    free: Vec<u32>,
    numbers: HashTable<u32>,
    secret: RandomState,
}

impl Lists {
    /// The list with this number.
    pub(super) fn get(&self, number: ListNumber) -> &[Subscribed] {
        self.kept.get(number.0 as usize).map_or(&[], |kept| &kept.list)
    }

    /// Keeps a list for one more holder.
    pub(super) fn hold(&mut self, list: Vec<Subscribed>) -> ListNumber {
        let hash = self.secret.hash_one(list.as_slice());
        let is_it = |number: &u32| self.get(ListNumber(*number)) == list.as_slice();
        let number = match self.numbers.find(hash, is_it) {
            Some(number) => *number,
            None => self.keep(hash, list),
        };
        if let Some(kept) = self.kept.get_mut(number as usize) {
            kept.holders += 1;
        }
        ListNumber(number)
    }

    fn keep(&mut self, hash: u64, list: Vec<Subscribed>) -> u32 {
        let kept = Kept { list: list.into(), holders: 0 };
        let number = self.free.pop().unwrap_or(self.kept.len() as u32);
        match self.kept.get_mut(number as usize) {
            Some(place) => *place = kept,
            None => self.kept.push(kept),
        }
        let Self { kept, numbers, secret, .. } = self;
        numbers.insert_unique(hash, number, |number| {
            kept.get(*number as usize).map_or(0, |kept| secret.hash_one(&*kept.list))
        });
        number
    }

    /// Lets a list go for one holder; with the last one it is forgotten.
    pub(super) fn release(&mut self, number: ListNumber) {
        let Some(kept) = self.kept.get_mut(number.0 as usize) else { return };
        kept.holders = kept.holders.saturating_sub(1);
        if kept.holders > 0 {
            return;
        }
        let list = std::mem::take(&mut kept.list);
        let hash = self.secret.hash_one(&*list);
        if let Ok(found) = self.numbers.find_entry(hash, |other| *other == number.0) {
            found.remove();
            self.free.push(number.0);
        }
    }

    /// How many lists are kept.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.numbers.len()
    }

    /// The bytes it holds on the heap.
    pub(super) fn bytes(&self) -> usize {
        let lists = self.kept.iter().flat_map(|kept| &kept.list).map(Subscribed::bytes);
        lists.sum::<usize>()
            + self.kept.capacity() * size_of::<Kept>()
            + self.free.capacity() * size_of::<u32>()
            + self.numbers.allocation_size()
    }
}
