//! Connections of one address at once: who opens many leaves room for others.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::name::Origin;

/// How many connections each origin has. As long as the listener bounds all connections, it bounds this. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Connections(Arc<Mutex<HashMap<Origin, usize>>>);

/// A connection's place; dropping it makes room.
pub struct Seat {
    connections: Connections,
    origin: Origin,
}

impl Connections {
    /// A place for one more of this origin, which may have so many.
    pub(super) fn seat(&self, origin: Origin, most: NonZeroUsize) -> Option<Seat> {
        let mut open = self.open();
        let here = open.entry(origin).or_default();
        if *here >= most.get() {
            return None;
        }
        *here += 1;
        Some(Seat { connections: self.clone(), origin })
    }

    /// How many there are in all.
    pub(super) fn count(&self) -> usize {
        self.open().values().sum()
    }

    fn open(&self) -> MutexGuard<'_, HashMap<Origin, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.connections.open();
        let left = open.get(&self.origin).map_or(0, |here| here.saturating_sub(1));
        if left == 0 {
            open.remove(&self.origin);
        } else {
            open.insert(self.origin, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_so_many_and_nothing_is_remembered_of_one_that_left() {
        let (connections, two) = (Connections::default(), NonZeroUsize::new(2).unwrap());
        let (here, there) = (Origin::V4([127, 0, 0, 1]), Origin::V4([127, 0, 0, 2]));
        let first = connections.seat(here, two).unwrap();
        let second = connections.seat(here, two).unwrap();
        assert!(connections.seat(here, two).is_none());
        assert!(connections.seat(there, two).is_some());
        drop(first);
        let third = connections.seat(here, two).unwrap();
        assert_eq!(connections.count(), 2);
        drop((second, third));
        assert!(connections.open().is_empty());
    }
}
