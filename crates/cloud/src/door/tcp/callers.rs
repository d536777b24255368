//! Who is at the door and has proven nothing yet: how many at once, in all and from each address.
//!
//! 1. From one address [`MOST_EACH`] may shake hands at a time. Others from there are kept waiting, ungreeted, and
//!    get their turn one after the other: behind one address may be a whole factory.
//! 2. There are [`MOST`] in all. Whoever comes then takes the place of the one that came first, whatever became of it:
//!    who opens connections without end delays others, and does not lock them out.
//!
//! One that failed has its turn until it ends, or an address could fill the door with those. A block that was sent
//! counts against its address until it was dealt with, even if its connection is gone.

use super::address::Tag;
use super::slab::Key;
use crate::weakened::{self, Weakness};
use std::collections::{HashMap, VecDeque};

/// How many may be at the door at once.
pub const MOST: usize = 8192;

/// How many from one address may shake hands at once.
pub const MOST_EACH: usize = 256;

/// How many more from one address may wait for their turn.
const MOST_KEPT_WAITING: usize = 4096;

#[derive(Default)]
struct Caller {
    shaking: usize,
    waiting: VecDeque<Key>,
}

/// What a newcomer is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// To shake hands now.
    Now,
    /// To wait, see [`Callers::keep_waiting`].
    Later,
    /// To go.
    Never,
}

/// All who are at the door.
#[derive(Default)]
pub struct Callers {
    each: HashMap<Tag, Caller>,
    /// In the order in which they came, with some that are gone or in by now.
    queue: VecDeque<Key>,
    count: usize,
}

impl Callers {
    /// Whether a newcomer from this address may shake hands; counts it where it may.
    pub fn arrive(&mut self, from: Tag) -> Turn {
        let caller = self.each.entry(from).or_default();
        if caller.shaking < MOST_EACH || weakened::is(Weakness::TcpCallersUnbounded) {
            caller.shaking += 1;
            Turn::Now
        } else if caller.waiting.len() < MOST_KEPT_WAITING {
            Turn::Later
        } else {
            Turn::Never
        }
    }

    /// Puts one in its address's queue.
    pub fn keep_waiting(&mut self, from: Tag, key: Key) {
        self.each.entry(from).or_default().waiting.push_back(key);
    }

    /// One from this address has done shaking hands, well or badly. Who waited there for longest and may be gone:
    /// whoever is taken up on it is counted from here on, see [`Self::done`].
    pub fn done(&mut self, from: Tag) -> Option<Key> {
        let caller = self.each.get_mut(&from)?;
        if let Some(next) = caller.waiting.pop_front() {
            return Some(next);
        }
        caller.shaking = caller.shaking.saturating_sub(1);
        if caller.shaking == 0 {
            self.each.remove(&from);
        }
        None
    }

    /// One more is at the door.
    pub fn came(&mut self, key: Key) {
        self.queue.push_back(key);
        self.count += 1;
    }

    /// One less is: it is in, or gone.
    pub fn left(&mut self) {
        self.count = self.count.saturating_sub(1);
        if self.count == 0 {
            self.queue.clear();
        }
    }

    /// Whether there is no room for another.
    pub fn is_full(&self) -> bool {
        self.count >= MOST
    }

    /// Takes who came first off the queue; it may be gone or in.
    pub fn first(&mut self) -> Option<Key> {
        self.queue.pop_front()
    }

    /// Takes those off the head of the queue that need not be in it.
    pub fn tidy(&mut self, mut is_needed: impl FnMut(Key) -> bool) {
        while self.queue.front().is_some_and(|key| !is_needed(*key)) {
            self.queue.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::slab::Slab;
    use super::*;

    #[test]
    fn an_address_has_so_many_at_once_and_the_others_get_their_turn_in_order() {
        let (mut callers, mut keys) = (Callers::default(), Slab::default());
        let (crowd, other) = (Tag::of(1), Tag::of(2));
        (0..MOST_EACH).for_each(|_| assert_eq!(callers.arrive(crowd), Turn::Now));
        assert_eq!((callers.arrive(crowd), callers.arrive(other)), (Turn::Later, Turn::Now));
        let [first, second] = [(); 2].map(|()| keys.insert(()).unwrap());
        callers.keep_waiting(crowd, first);
        callers.keep_waiting(crowd, second);
        assert_eq!((callers.done(crowd), callers.done(crowd)), (Some(first), Some(second)));
        assert_eq!((callers.done(crowd), callers.arrive(crowd)), (None, Turn::Now));
        assert_eq!(callers.done(other), None);
        (0..MOST_EACH).for_each(|_| assert_eq!(callers.done(crowd), None));
        assert!(callers.each.is_empty(), "nothing is remembered of who is gone");
    }
}
