//! The cloud's side of the chunks: which to send next.
//!
//! Never more than the window ahead of the first that is missing. A chunk counts as lost when later ones came and it did
//! not (as in RFC 9002, 6.1.1: by the order in which they were sent), or when nothing is heard for as long as an answer
//! may take; it is then sent again before any new one. How many are under way follows the time that answers take and not
//! what is lost ([`pace`]): chunks lost one by one, as on a bad radio, do not slow the others down. A queue on the way
//! would, for what is sent again would wait in it until the window is used up; and for the same reason what was lost
//! twice is then sent in two copies.
//!
//! [`pace`]: super::pace

use alloc::collections::VecDeque;
use core::ops::Range;
use core::time::Duration;

use super::pace::Pace;
use super::{Acknowledged, Start, Started};

/// A chunk is lost when one arrived that was sent so many later.
const REORDERED: u64 = 3;

/// From the third time on a chunk is sent in two copies.
const TWICE_FROM: u8 = 3;

/// How long an answer may take before anything is known about it.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// A device holds an acknowledgement back for 200 ms; and no clock is exact.
const HELD_BACK: Duration = Duration::from_millis(250);

/// However quick answers are, a device may be busy for so long: storing, or waiting for its turn.
const SHORTEST_WAIT: Duration = Duration::from_millis(25);

/// Waiting doubles up to this, unless answers take longer by themselves.
const LONGEST_WAIT: Duration = Duration::from_secs(4);

/// Without a word for so long the device is gone; the device itself waits for 300 s.
const GIVE_UP: Duration = Duration::from_secs(240);

/// A device acknowledged what was never sent to it: the session is to be ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lied;

/// A chunk to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Its index.
    pub index: u32,
    /// The bytes of the file that it carries.
    pub bytes: Range<u32>,
    /// Whether it was sent before.
    pub again: bool,
}

#[derive(Clone, Copy, Debug)]
enum State {
    UnderWay { sent: Duration, order: u64, times: u8 },
    Lost { times: u8 },
    Arrived,
}

/// The chunks of one transfer.
#[derive(Clone, Debug)]
pub struct Sender {
    offset: u32,
    file_size: u32,
    chunk_size: u32,
    window: u32,
    total: u32,
    /// The last before the first that is missing.
    index: u32,
    /// From `index + 1` on: all that were sent.
    chunks: VecDeque<State>,
    under_way: u32,
    lost: u32,
    pace: Pace,
    /// A second copy to be sent at once.
    copy: Option<u32>,
    order: u64,
    /// The order of the latest that arrived.
    arrived: u64,
    round_trip: Option<(Duration, Duration)>,
    /// How often in a row nothing was heard in time.
    silent: u32,
    heard: Duration,
    /// When something was sent or heard last.
    waiting_since: Duration,
    again: u64,
}

impl Sender {
    /// Sends what a device asks for. None when it asks for what is not there.
    #[must_use]
    pub fn new(now: Duration, start: &Start<'_>, started: Started) -> Option<Self> {
        let chunk_size = u32::from(start.chunk_size);
        let left = start.file_size.checked_sub(started.offset)?;
        (chunk_size != 0 && started.window != 0).then(|| Self {
            offset: started.offset,
            file_size: start.file_size,
            chunk_size,
            window: started.window,
            total: left.div_ceil(chunk_size),
            index: 0,
            chunks: VecDeque::new(),
            under_way: 0,
            lost: 0,
            pace: Pace::new(started.window),
            copy: None,
            order: 0,
            arrived: 0,
            round_trip: None,
            silent: 0,
            heard: now,
            waiting_since: now,
            again: 0,
        })
    }

    /// Whether the device has everything: finish.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.index == self.total
    }

    /// How many bytes of the file the device has from its start on.
    #[must_use]
    pub fn arrived(&self) -> u32 {
        self.offset.saturating_add(self.index.saturating_mul(self.chunk_size)).min(self.file_size)
    }

    /// How many chunks were sent again.
    #[must_use]
    pub const fn again(&self) -> u64 {
        self.again
    }

    /// How many chunks are under way.
    #[must_use]
    pub const fn under_way(&self) -> u32 {
        self.under_way
    }

    /// The next chunk to send now, if one may be.
    pub fn poll_chunk(&mut self, now: Duration) -> Option<Sent> {
        if let Some(index) = self.copy.take().filter(|index| *index > self.index) {
            self.again += 1;
            return Some(self.sent(index, true));
        }
        if self.under_way >= self.pace.allowed() {
            return None;
        }
        let (at, times) = self.next()?;
        let ahead = u32::try_from(at).ok()?;
        let index = self.index.checked_add(ahead)?.checked_add(1)?;
        if index > self.total || ahead >= self.window {
            return None;
        }
        self.order += 1;
        let times = times.saturating_add(1);
        let state = State::UnderWay { sent: now, order: self.order, times };
        match self.chunks.get_mut(at) {
            Some(place) => *place = state,
            None => self.chunks.push_back(state),
        }
        if self.under_way == 0 {
            self.waiting_since = now;
        }
        let again = times > 1;
        self.under_way += 1;
        self.lost -= u32::from(again);
        self.again += u64::from(again);
        self.copy = (times >= TWICE_FROM).then_some(index);
        Some(self.sent(index, again))
    }

    /// The place of the first lost chunk and how often it was sent; else of the next new one.
    fn next(&self) -> Option<(usize, u8)> {
        if self.lost == 0 {
            return Some((self.chunks.len(), 0));
        }
        self.chunks.iter().enumerate().find_map(|(at, state)| match state {
            State::Lost { times } => Some((at, *times)),
            _ => None,
        })
    }

    fn sent(&self, index: u32, again: bool) -> Sent {
        let begin = self.offset + (index - 1) * self.chunk_size;
        let end = begin.saturating_add(self.chunk_size).min(self.file_size);
        Sent { index, bytes: begin..end, again }
    }

    /// The device says what came.
    ///
    /// # Errors
    /// [`Lied`].
    pub fn acknowledged(&mut self, now: Duration, what: &Acknowledged) -> Result<(), Lied> {
        let sent = u32::try_from(self.chunks.len()).unwrap_or(u32::MAX);
        let Some(forward) = what.index.checked_sub(self.index) else {
            // From before one that was heard already.
            return Ok(());
        };
        let last = what.gaps.iter().last().map_or(0, |last| last + 1);
        if forward.checked_add(last).is_none_or(|highest| highest > sent) {
            return Err(Lied);
        }
        (self.heard, self.waiting_since, self.silent) = (now, now, 0);
        let mut new = 0;
        for _ in 0..forward {
            if let Some(state) = self.chunks.pop_front() {
                new += u32::from(self.arrive(now, state));
            }
        }
        self.index = what.index;
        for ahead in what.gaps.iter() {
            let Some(place) = self.chunks.get_mut(ahead as usize) else { continue };
            let state = core::mem::replace(place, State::Arrived);
            new += u32::from(self.arrive(now, state));
        }
        self.pace.arrived(new, self.arrived, self.order);
        let arrived = self.arrived;
        self.lose(|order, _| order + REORDERED <= arrived);
        Ok(())
    }

    /// A chunk arrived; whether that is new.
    fn arrive(&mut self, now: Duration, state: State) -> bool {
        match state {
            State::Arrived => return false,
            State::Lost { .. } => self.lost -= 1,
            State::UnderWay { sent, order, times } => {
                let first = times == 1;
                self.under_way -= 1;
                let took = now.saturating_sub(sent);
                if first {
                    self.measure(took);
                }
                // Of one that was sent again it was the earlier copy if the later could not be answered yet.
                if first || self.pace.could_take(took) {
                    self.arrived = self.arrived.max(order);
                }
            }
        }
        true
    }

    /// RFC 6298, section 2.
    fn measure(&mut self, took: Duration) {
        self.pace.measured(took);
        self.round_trip = Some(match self.round_trip {
            None => (took, took / 2),
            Some((mean, deviation)) => {
                ((mean * 7 + took) / 8, (deviation * 3 + mean.abs_diff(took)) / 4)
            }
        });
    }

    fn lose(&mut self, is_lost: impl Fn(u64, Duration) -> bool) {
        for place in &mut self.chunks {
            if let State::UnderWay { sent, order, times } = *place
                && is_lost(order, sent)
            {
                *place = State::Lost { times };
                self.under_way -= 1;
                self.lost += 1;
            }
        }
    }

    /// Whether no chunk is left that was never sent: the device has nothing to hold an answer back for.
    fn is_all_sent(&self) -> bool {
        u64::from(self.index) + self.chunks.len() as u64 == u64::from(self.total)
    }

    /// How long an answer may take.
    fn wait(&self) -> Duration {
        let usual = self.round_trip.map_or(FIRST_WAIT, |(mean, deviation)| mean + deviation * 4);
        let held_back = if self.is_all_sent() { Duration::ZERO } else { HELD_BACK };
        let doubled = 1 << self.silent.min(6);
        let wait = (usual + held_back).max(SHORTEST_WAIT);
        (wait * doubled).min(LONGEST_WAIT.max(wait))
    }

    /// When to call [`Sender::handle_timeout`], if anything is under way.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        (self.under_way > 0).then(|| self.waiting_since + self.wait())
    }

    /// Time has passed: what should have been answered is lost. False when the device is gone.
    pub fn handle_timeout(&mut self, now: Duration) -> bool {
        if self.poll_timeout().is_none_or(|at| now < at) {
            return true;
        }
        let wait = self.wait();
        self.lose(|_, sent| sent + wait <= now);
        if !self.is_all_sent() || self.silent > 0 {
            self.pace.silent();
        }
        self.silent += 1;
        self.waiting_since = now;
        now < self.heard + GIVE_UP
    }
}
