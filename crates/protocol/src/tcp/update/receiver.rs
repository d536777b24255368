//! The device's side of an update: which chunks came and which are missing, as each firmware keeps and says it.
//!
//! It stores nothing: [`Took::New`] tells where the bytes go. A fast update comes in any order.

use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use super::{Begin, Chunk, bitmap};
use crate::tcp::client::{Firmware, Updates};

/// What became of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Took {
    /// It is new: its bytes go here in the file.
    New {
        /// The place of its first byte.
        at: u32,
    },
    /// It came before.
    Again,
    /// Its bytes are not what its CRC-32 says, or it is none of this file's.
    Damaged,
}

/// The file that a device is being sent.
#[derive(Clone, Debug)]
pub struct Receiver {
    begin: Begin,
    updates: Updates,
    chunks: u16,
    /// One bit for each chunk that came.
    came: Vec<u8>,
    missing: u16,
    /// How many came since it was last said what is missing.
    since: u16,
    /// Whether that was said.
    asked: bool,
    heard: Duration,
}

impl Receiver {
    /// A file that the cloud has just begun to send; none if this firmware does not take such a one.
    #[must_use]
    pub fn new(now: Duration, firmware: &Firmware, begin: &Begin) -> Option<Self> {
        let updates = firmware.updates;
        let chunks = begin.chunks().filter(|_| begin.size <= updates.largest)?;
        let came = vec![0; bitmap(chunks)];
        let begin = *begin;
        Some(Self {
            begin,
            updates,
            chunks,
            came,
            missing: chunks,
            since: 0,
            asked: false,
            heard: now,
        })
    }

    /// How long the file is, in bytes.
    #[must_use]
    pub const fn size(&self) -> u32 {
        self.begin.size
    }

    /// Whether it is a fast update.
    #[must_use]
    pub const fn is_fast(&self) -> bool {
        self.begin.fast
    }

    /// Whether all came.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.missing == 0
    }

    /// A chunk came.
    pub fn take(&mut self, now: Duration, chunk: &Chunk<'_>) -> Took {
        self.heard = now;
        let index = match chunk.index {
            Some(index) => index,
            // Without one it is the next.
            None => self.chunks - self.missing,
        };
        let length = self.length_of(index);
        if !chunk.is_whole() || length != Some(chunk.data.len()) {
            return Took::Damaged;
        }
        let Some(byte) = self.came.get_mut(usize::from(index / 8)) else { return Took::Damaged };
        let bit = 1 << (index % 8);
        if *byte & bit != 0 {
            return Took::Again;
        }
        *byte |= bit;
        self.missing -= 1;
        self.since = self.since.saturating_add(1);
        Took::New { at: u32::from(index) * u32::from(self.begin.chunk) }
    }

    fn length_of(&self, index: u16) -> Option<usize> {
        let before = u32::from(index) * u32::from(self.begin.chunk);
        let rest = self.begin.size.checked_sub(before).filter(|rest| *rest > 0)?;
        usize::try_from(rest.min(self.begin.chunk.into())).ok()
    }

    /// What this firmware answers a chunk of which this became: good, bad, or nothing.
    #[must_use]
    pub fn answer(&self, took: Took) -> Option<bool> {
        let answers = !self.begin.fast || self.updates.answers_fast_chunks;
        answers.then_some(took != Took::Damaged)
    }

    /// Whether this firmware says now by itself that it has all: that was the last of what it asked for.
    pub fn poll_finished_by_itself(&mut self) -> bool {
        let finished = self.is_complete()
            && core::mem::take(&mut self.asked)
            && self.updates.finishes_with.is_some();
        finished && self.begin.fast
    }

    /// The chunks to ask for next, at most as many as this firmware asks for at a time.
    pub fn ask_for_missing(&mut self) -> Vec<u16> {
        let mut most = usize::from(self.updates.most_missed);
        if self.updates.misses_in_proportion {
            most = most.min(usize::from(self.since) * 12 / 10 + 2);
        }
        (self.since, self.asked) = (0, true);
        self.missing().take(most).collect()
    }

    fn missing(&self) -> impl Iterator<Item = u16> {
        let came = |index: &u16| {
            let byte = self.came.get(usize::from(index / 8));
            byte.is_some_and(|byte| byte & (1 << (index % 8)) != 0)
        };
        (0..self.chunks).filter(move |index| !came(index))
    }

    /// When [`Receiver::handle_timeout`] is due, for firmware that asks by itself.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let wait = self.updates.asks_after.filter(|_| !self.is_complete())?;
        Some(self.heard + wait)
    }

    /// The chunks that this firmware asks for because nothing came for a while; mostly none.
    pub fn handle_timeout(&mut self, now: Duration) -> Vec<u16> {
        if self.poll_timeout().is_none_or(|at| now < at) {
            return Vec::new();
        }
        self.heard = now;
        if self.begin.fast { self.ask_for_missing() } else { self.missing().take(1).collect() }
    }
}
