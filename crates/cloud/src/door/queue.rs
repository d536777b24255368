//! Steps of handshakes that wait for their turn: the flights of those under way first, so that what was begun
//! is finished before more is begun.

use super::connection_id::Place;
use super::socket::Route;
use std::collections::VecDeque;

/// How many steps of either kind wait at most; about a quarter of a second of work, and 2 MiB.
const MOST: usize = 1024;

/// What a datagram is to a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A ClientHello with our cookie.
    Hello,
    /// A later flight of the handshake under way in this slot.
    Flight(Place),
}

/// One step that waits.
pub struct Waiting {
    /// What it is.
    pub step: Step,
    /// Where it came from.
    pub route: Route,
    /// The datagram.
    pub datagram: Vec<u8>,
}

/// All that wait.
#[derive(Default)]
pub struct Queue {
    hellos: VecDeque<Waiting>,
    flights: VecDeque<Waiting>,
    spare: Vec<Vec<u8>>,
}

impl Queue {
    /// Adds a step; false where too many of its kind wait already.
    pub fn push(&mut self, step: Step, route: Route, datagram: &[u8]) -> bool {
        let queue = match step {
            Step::Hello => &mut self.hellos,
            Step::Flight(_) => &mut self.flights,
        };
        if queue.len() >= MOST {
            return false;
        }
        let mut copy = self.spare.pop().unwrap_or_default();
        copy.clear();
        copy.extend_from_slice(datagram);
        queue.push_back(Waiting { step, route, datagram: copy });
        true
    }

    /// The next step.
    pub fn pop(&mut self) -> Option<Waiting> {
        self.flights.pop_front().or_else(|| self.hellos.pop_front())
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.flights.is_empty() && self.hellos.is_empty()
    }

    /// Keeps a buffer for the next one.
    pub fn recycle(&mut self, buffer: Vec<u8>) {
        if self.spare.len() < MOST {
            self.spare.push(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route() -> Route {
        Route { peer: "127.0.0.1:1".parse().unwrap(), local: None }
    }

    #[test]
    fn what_was_begun_goes_before_what_was_not() {
        let mut queue = Queue::default();
        let place = Place { partition: 0, slot: 1, generation: 2 };
        queue.push(Step::Hello, route(), b"hello");
        queue.push(Step::Flight(place), route(), b"flight");
        let order: Vec<_> = std::iter::from_fn(|| queue.pop()).map(|one| one.step).collect();
        assert_eq!(order, [Step::Flight(place), Step::Hello]);
        assert!(queue.is_empty());
    }

    #[test]
    fn p11_no_more_than_so_many_hellos_wait() {
        let mut queue = Queue::default();
        let taken = (0..MOST + 10).filter(|_| queue.push(Step::Hello, route(), b"x")).count();
        assert_eq!(taken, MOST);
        let place = Place { partition: 0, slot: 1, generation: 2 };
        assert!(queue.push(Step::Flight(place), route(), b"x"));
    }
}
