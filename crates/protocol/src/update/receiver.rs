//! The device's side of the chunks: what came, what is missing, and when to say so.
//!
//! Chunks come in any order and are given out in order, so that what is stored is always the start of the file. Those
//! after a gap are held, no more than the window.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

use super::{Acknowledged, Chunk, Gaps, Refusal, Start, Started, Statistics, window_of};

/// Without a gap every so many-th chunk is acknowledged.
const EVERY: u32 = 2;

/// An odd one is acknowledged after so long.
const PATIENCE: Duration = Duration::from_millis(200);

/// Without a chunk for so long the transfer is over.
const SILENCE: Duration = Duration::from_secs(300);

/// What became of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Took {
    /// It is new.
    New,
    /// It came before.
    Again,
    /// It is farther ahead than the window.
    TooFar,
}

/// The chunks of one transfer.
#[derive(Clone, Debug)]
pub struct Receiver {
    offset: u32,
    file_size: u32,
    chunk_size: u32,
    window: u32,
    /// How many chunks there are.
    total: u32,
    /// The last before the first that is missing.
    index: u32,
    gaps: Gaps,
    held: BTreeMap<u32, Vec<u8>>,
    /// The next to give out.
    next: u32,
    highest: u32,
    unacknowledged: u32,
    due: Option<Duration>,
    heard: Duration,
    statistics: Statistics,
}

impl Receiver {
    /// A transfer of which `stored` bytes are there from before.
    #[must_use]
    pub fn new(now: Duration, start: &Start<'_>, stored: u32) -> Self {
        let chunk_size = u32::from(start.chunk_size).max(1);
        let offset = stored.min(start.file_size);
        Self {
            offset,
            file_size: start.file_size,
            chunk_size,
            window: window_of(start.chunk_size),
            total: (start.file_size - offset).div_ceil(chunk_size),
            index: 0,
            gaps: Gaps::none(),
            held: BTreeMap::new(),
            next: 1,
            highest: 0,
            unacknowledged: 0,
            due: None,
            heard: now,
            statistics: Statistics::default(),
        }
    }

    /// What to answer the start.
    #[must_use]
    pub const fn started(&self) -> Started {
        Started { window: self.window, offset: self.offset }
    }

    /// Whether every chunk came.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.index == self.total
    }

    /// How it went so far.
    #[must_use]
    pub const fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// A chunk came.
    ///
    /// # Errors
    /// [`Refusal::PROTOCOL`] for one that cannot be: the connection is to be dropped.
    pub fn take(&mut self, now: Duration, chunk: &Chunk<'_>) -> Result<Took, Refusal> {
        let Chunk { index, data } = *chunk;
        if index == 0
            || index > self.total
            || u32::try_from(data.len()) != Ok(self.length_of(index))
        {
            return Err(Refusal::PROTOCOL);
        }
        self.heard = now;
        self.statistics.received += 1;
        let ahead = index.checked_sub(self.index + 1);
        if ahead.is_none_or(|ahead| self.gaps.contains(ahead)) {
            self.statistics.again += 1;
            self.due = Some(now);
            return Ok(Took::Again);
        }
        let ahead = ahead.unwrap_or(0);
        if ahead >= self.window {
            self.due = Some(now);
            return Ok(Took::TooFar);
        }
        self.note(now, index, ahead);
        self.held.insert(index, data.to_vec());
        Ok(Took::New)
    }

    fn note(&mut self, now: Duration, index: u32, ahead: u32) {
        if index < self.highest {
            self.statistics.out_of_order += 1;
        }
        self.highest = self.highest.max(index);
        let had_gap = !self.gaps.is_empty();
        self.gaps.insert(ahead);
        self.index += self.gaps.advance();
        self.unacknowledged += 1;
        let at_once =
            had_gap || !self.gaps.is_empty() || self.is_complete() || self.unacknowledged >= EVERY;
        let due = if at_once { now } else { now + PATIENCE };
        self.due = Some(self.due.map_or(due, |before| before.min(due)));
    }

    /// How long a chunk is: all but the last are the same.
    fn length_of(&self, index: u32) -> u32 {
        let before = (index - 1).saturating_mul(self.chunk_size);
        (self.file_size - self.offset).saturating_sub(before).min(self.chunk_size)
    }

    /// The next bytes of the file, and where they go, once they and all before them came.
    pub fn poll_piece(&mut self) -> Option<(u32, Vec<u8>)> {
        let data = self.held.remove(&self.next)?;
        let at = self.offset + (self.next - 1) * self.chunk_size;
        self.next += 1;
        Some((at, data))
    }

    /// What to acknowledge, when it is time to.
    pub fn poll_acknowledged(&mut self, now: Duration) -> Option<Acknowledged> {
        self.due.filter(|due| *due <= now)?;
        self.due = None;
        self.unacknowledged = 0;
        self.statistics.acknowledgements += 1;
        Some(Acknowledged { index: self.index, gaps: self.gaps.clone() })
    }

    /// Whether nothing came for so long that the transfer is over: the connection is to be dropped.
    #[must_use]
    pub fn is_over(&self, now: Duration) -> bool {
        !self.is_complete() && now >= self.heard + SILENCE
    }

    /// When to look again; never, if nothing is due any more.
    #[must_use]
    pub fn poll_timeout(&self) -> Duration {
        // Once everything came, somebody else looks after silence.
        let silence = if self.is_complete() { Duration::MAX } else { self.heard + SILENCE };
        self.due.map_or(silence, |due| due.min(silence))
    }
}
