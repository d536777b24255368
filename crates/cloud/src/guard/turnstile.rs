//! Who may have a password looked at next: so many at once, the least suspect first, and so many waiting.
//!
//! Looking at a password costs the machine far more than asking for it. A flood of guesses therefore waits behind
//! everyone who owes nothing, and what waits longest in line at the very end is sent away.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// How suspect: 0 is not at all.
pub(super) type Rank = u32;

/// One line before so many counters. Clones share it.
#[derive(Clone)]
pub(super) struct Turnstile(Arc<Mutex<Line>>);

struct Line {
    free: usize,
    /// The most that wait.
    most: usize,
    /// Counted up, so that of two as suspect the one who came first goes first.
    came: u64,
    waiting: BTreeMap<(Rank, u64), oneshot::Sender<Turn>>,
}

/// Leave to look at one password; dropping it lets the next one in.
pub struct Turn(Option<Turnstile>);

/// There were too many less suspect ones in line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crowded;

impl Line {
    /// Sends away who is one too many: the most suspect, and of those the latest.
    fn bound(&mut self) {
        if self.waiting.len() > self.most {
            self.waiting.retain(|_, tell| !tell.is_closed());
        }
        if self.waiting.len() > self.most {
            self.waiting.pop_last();
        }
    }
}

impl Turnstile {
    pub(super) fn new(at_once: usize, most: usize) -> Self {
        let line = Line { free: at_once.max(1), most, came: 0, waiting: BTreeMap::new() };
        Self(Arc::new(Mutex::new(line)))
    }

    /// Waits for a turn.
    pub(super) async fn turn(&self, rank: Rank) -> Result<Turn, Crowded> {
        let waiting = {
            let mut line = self.line();
            if line.free > 0 {
                line.free -= 1;
                return Ok(Turn(Some(self.clone())));
            }
            let (tell, told) = oneshot::channel();
            line.came += 1;
            let place = (rank, line.came);
            line.waiting.insert(place, tell);
            line.bound();
            told
        };
        waiting.await.map_err(|_| Crowded)
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.line().waiting.len()
    }

    fn next(&self) {
        let mut line = self.line();
        while let Some((_, tell)) = line.waiting.pop_first() {
            match tell.send(Turn(Some(self.clone()))) {
                Ok(()) => return,
                // Who waited went away. The turn that comes back is the one in our hands: it must not drop here,
                // where the line is locked.
                Err(mut turn) => turn.0 = None,
            }
        }
        line.free += 1;
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(turnstile) = self.0.take() {
            turnstile.next();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn the_least_suspect_goes_first_and_then_who_came_first() {
        let turnstile = Turnstile::new(1, 10);
        let Poll::Ready(Ok(first)) = poll(pin!(turnstile.turn(9))) else { panic!() };
        let (mut bad, mut good, mut late) =
            (pin!(turnstile.turn(2)), pin!(turnstile.turn(0)), pin!(turnstile.turn(0)));
        assert!(poll(bad.as_mut()).is_pending());
        assert!(poll(good.as_mut()).is_pending());
        assert!(poll(late.as_mut()).is_pending());
        drop(first);
        assert!(poll(bad.as_mut()).is_pending());
        assert!(poll(late.as_mut()).is_pending());
        let Poll::Ready(Ok(turn)) = poll(good.as_mut()) else { panic!() };
        drop(turn);
        let Poll::Ready(Ok(turn)) = poll(late.as_mut()) else { panic!() };
        drop(turn);
        assert!(matches!(poll(bad.as_mut()), Poll::Ready(Ok(_))));
    }

    #[test]
    fn a_full_line_sends_the_most_suspect_away() {
        let turnstile = Turnstile::new(1, 2);
        let _first = poll(pin!(turnstile.turn(0)));
        let (mut bad, mut worse) = (pin!(turnstile.turn(3)), pin!(turnstile.turn(4)));
        assert!(poll(bad.as_mut()).is_pending());
        assert!(poll(worse.as_mut()).is_pending());
        let mut good = pin!(turnstile.turn(0));
        assert!(poll(good.as_mut()).is_pending());
        assert!(matches!(poll(worse.as_mut()), Poll::Ready(Err(Crowded))));
        assert!(matches!(poll(pin!(turnstile.turn(9))), Poll::Ready(Err(Crowded))));
        assert_eq!(turnstile.waiting(), 2);
    }

    #[test]
    fn who_went_away_takes_no_turn() {
        let turnstile = Turnstile::new(1, 9);
        let Poll::Ready(Ok(first)) = poll(pin!(turnstile.turn(0))) else { panic!() };
        {
            let mut gone = pin!(turnstile.turn(0));
            assert!(poll(gone.as_mut()).is_pending());
        }
        drop(first);
        assert_eq!(turnstile.line().free, 1);
        assert!(matches!(poll(pin!(turnstile.turn(0))), Poll::Ready(Ok(_))));
    }
}
