//! How many updates a shard sends at once: each has memory for the chunks that are on their way.

use std::sync::Arc;

/// How many, at most.
const MOST: usize = 1024;

/// The seats of one shard.
#[derive(Default)]
pub struct Seats(Arc<()>);

/// One that is taken; dropping it frees it.
pub struct Seat {
    _taken: Arc<()>,
}

impl Seats {
    /// Takes one, if there is one.
    pub fn take(&self) -> Option<Seat> {
        (self.taken() < MOST).then(|| Seat { _taken: Arc::clone(&self.0) })
    }

    /// How many are taken.
    pub fn taken(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_is_free_again_when_it_is_left() {
        let seats = Seats::default();
        let mut taken: Vec<_> = std::iter::from_fn(|| seats.take()).collect();
        assert_eq!((taken.len(), seats.taken()), (MOST, MOST));
        taken.pop();
        assert!(seats.take().is_some());
    }
}
