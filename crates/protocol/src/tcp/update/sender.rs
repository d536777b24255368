//! The cloud's side of an update: what to say next, and what the device's answers mean.
//!
//! ```text
//!   fresh ─▶ asked ─▶ slow: one chunk, its answer ─▶ … ─────▶ finish ─▶ finishing ─▶ over
//!               └───▶ fast: all, and what it misses ─────────▲             │
//!                      ▲                                                   │ it lacks some
//!                      └──────────────── missing ◀─────────────────────────┘
//! ```
//!
//! It neither has the file nor writes: [`Say`] tells which bytes are next.

use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;
use core::time::Duration;

use super::{
    Begin, CHUNK_WITHIN, Chunk, DONE_WITHIN, FromCloud, MOST_TIMES, Missed, READY_WITHIN, STALLED,
    Store, bitmap,
};
use crate::coap::Code;
use crate::tcp::channel::padded;
use crate::tcp::server::{About, Received, Sense};
use crate::tcp::{Limits, Request};

/// What a chunk's message has beside its bytes: header, token, path, CRC-32, index and the payload's marker.
const AROUND_CHUNK: usize = 16;

/// A file of no bytes, or of more than chunks can be numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an update has 1 to 33553920 bytes: this one cannot be sent over TCP")]
pub struct TooLarge;

/// Why an update failed. All but a refusal of the beginning leave a device that waits: its session is to be ended.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    /// The device does not take it.
    #[error("the device refuses the update with {0}")]
    Refused(Code),
    /// The device said nothing for too long, or the way to it took nothing.
    #[error("the device did not go on with the update in time")]
    Silent,
    /// A chunk was sent as often as one may be, and never arrived whole.
    #[error("a chunk never arrived whole, however often it was sent")]
    Damaged,
    /// The device wants a chunk that does not exist, or has a file that it cannot have.
    #[error("the device says of the update what cannot be: the session ends")]
    Lied,
}

/// What an answer of the device's led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It is about something else.
    Nothing,
    /// The update goes on.
    GoesOn,
    /// The device has the file.
    Done,
}

/// What to say next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Say {
    /// Take a file.
    Begin(Begin),
    /// A piece of it.
    Chunk {
        /// Its index, in a fast update.
        index: Option<u16>,
        /// Which bytes of the file.
        bytes: Range<u32>,
    },
    /// That was all.
    Done,
}

impl Say {
    /// The message, with its bytes out of `file`; none where the file does not have them.
    #[must_use]
    pub fn message<'f>(&self, file: &'f [u8]) -> Option<FromCloud<'f>> {
        Some(match self {
            Self::Begin(begin) => FromCloud::Begin(*begin),
            Self::Chunk { index, bytes } => {
                let data = file.get(bytes.start as usize..bytes.end as usize)?;
                FromCloud::Chunk(Chunk::new(*index, data))
            }
            Self::Done => FromCloud::Done,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Fresh,
    Asked,
    Slow { said: bool },
    Fast,
    Missing,
    Finish,
    Finishing,
    Over,
}

/// An update of one device.
#[derive(Clone, Debug)]
pub struct Sender {
    begin: Begin,
    chunks: u16,
    state: State,
    /// The next chunk that was never sent, or in a slow update was not taken.
    next: u16,
    /// Which are to be sent again, and before all others.
    again: VecDeque<u16>,
    /// How often each was to be sent.
    times: Vec<u8>,
    until: Duration,
    begun: bool,
    /// Whether the device said by itself that it has all.
    has_all: bool,
}

impl Sender {
    /// An update with a file of `size` bytes of a device with these limits: a fast one, if there is room in the
    /// device's buffer for a chunk and the list of what came.
    ///
    /// # Errors
    /// [`TooLarge`].
    pub fn new(now: Duration, size: u32, limits: &Limits) -> Result<Self, TooLarge> {
        let mut begin = Begin {
            fast: false,
            chunk: u16::try_from(limits.chunk).unwrap_or(u16::MAX),
            size,
            store: Store::Firmware,
            address: 0,
        };
        let chunks = begin.chunks().ok_or(TooLarge)?;
        begin.fast = padded(limits.chunk + AROUND_CHUNK) + bitmap(chunks) <= limits.frame;
        Ok(Self {
            begin,
            chunks,
            state: State::Fresh,
            next: 0,
            again: VecDeque::new(),
            times: vec![0; chunks.into()],
            until: now + READY_WITHIN,
            begun: false,
            has_all: false,
        })
    }

    /// The same, slow: for a device that did not get it the fast way.
    #[must_use]
    pub fn slow(self) -> Self {
        Self { begin: Begin { fast: false, ..self.begin }, ..self }
    }

    /// What to say now. None while the device has to answer.
    pub fn poll_say(&mut self, now: Duration) -> Option<Say> {
        let (say, state, within) = match self.state {
            State::Fresh => (Say::Begin(self.begin), State::Asked, READY_WITHIN),
            State::Slow { said: false } if self.next < self.chunks => {
                (self.chunk(self.next), State::Slow { said: true }, CHUNK_WITHIN)
            }
            State::Fast => match self.next_of_fast() {
                Some(index) => (self.chunk(index), State::Fast, STALLED),
                None => (Say::Done, State::Finishing, DONE_WITHIN),
            },
            State::Finish | State::Slow { said: false } => {
                (Say::Done, State::Finishing, DONE_WITHIN)
            }
            State::Asked
            | State::Slow { said: true }
            | State::Missing
            | State::Finishing
            | State::Over => return None,
        };
        (self.state, self.until) = (state, now + within);
        Some(say)
    }

    fn next_of_fast(&mut self) -> Option<u16> {
        let again = self.again.pop_front();
        again.or_else(|| {
            let next = (self.next < self.chunks).then_some(self.next)?;
            self.next += 1;
            Some(next)
        })
    }

    fn chunk(&self, index: u16) -> Say {
        let chunk = u32::from(self.begin.chunk);
        let start = u32::from(index) * chunk;
        let bytes = start..start.saturating_add(chunk).min(self.begin.size);
        Say::Chunk { index: self.begin.fast.then_some(index), bytes }
    }

    /// Takes what a session understood of a message of the device's.
    ///
    /// # Errors
    /// [`Failed`]: it is over.
    pub fn hear(&mut self, now: Duration, received: &Received<'_>) -> Result<Heard, Failed> {
        let (code, payload) = (received.message.code, received.message.payload());
        let heard = match &received.sense {
            Sense::Answered(asked) => match asked.about {
                About::UpdateBegin => self.ready(now, payload),
                About::Chunk => Ok(self.took(now)),
                About::UpdateDone => Ok(self.finished()),
                _ => return Ok(Heard::Nothing),
            },
            Sense::Refused(asked) => match asked.about {
                About::UpdateBegin => Err(Failed::Refused(code)),
                About::Chunk => self.bad(now),
                About::UpdateDone => self.lacks(now, code),
                _ => return Ok(Heard::Nothing),
            },
            Sense::Request(Request::ChunksMissed(missed)) => self.missed(now, *missed),
            Sense::Request(Request::UpdateDone) => self.finished_by_itself(),
            _ => return Ok(Heard::Nothing),
        };
        if heard.is_err() {
            self.state = State::Over;
        }
        heard
    }

    fn ready(&mut self, now: Duration, payload: &[u8]) -> Result<Heard, Failed> {
        self.state = match (self.state, payload) {
            (State::Asked, [1]) if self.begin.fast => State::Fast,
            (State::Asked, [0]) => State::Slow { said: false },
            _ => return Err(Failed::Lied),
        };
        self.begin.fast = self.state == State::Fast;
        (self.begun, self.until) = (true, now + STALLED);
        Ok(Heard::GoesOn)
    }

    /// The device took a chunk. Of a fast update that says nothing: what it lacks it will ask for.
    fn took(&mut self, now: Duration) -> Heard {
        if self.state == (State::Slow { said: true }) {
            self.next += 1;
            (self.state, self.until) = (State::Slow { said: false }, now + STALLED);
        }
        Heard::GoesOn
    }

    fn bad(&mut self, now: Duration) -> Result<Heard, Failed> {
        if self.state == (State::Slow { said: true }) {
            self.once_more(self.next)?;
            (self.state, self.until) = (State::Slow { said: false }, now + STALLED);
        }
        Ok(Heard::GoesOn)
    }

    fn once_more(&mut self, index: u16) -> Result<(), Failed> {
        let times = self.times.get_mut(usize::from(index)).ok_or(Failed::Lied)?;
        *times += 1;
        if *times < MOST_TIMES { Ok(()) } else { Err(Failed::Damaged) }
    }

    fn finished(&mut self) -> Heard {
        self.state = State::Over;
        Heard::Done
    }

    /// The device has not all of it: which it lacks, it says next.
    fn lacks(&mut self, now: Duration, code: Code) -> Result<Heard, Failed> {
        if !self.begin.fast || code != Code::BAD_REQUEST {
            return Err(Failed::Refused(code));
        }
        if self.state == State::Finishing {
            (self.state, self.until) = (State::Missing, now + CHUNK_WITHIN);
        }
        Ok(Heard::GoesOn)
    }

    /// Firmware 0.4.0 also asks where it hears nothing for a while, for what it was not sent yet.
    fn missed(&mut self, now: Duration, missed: Missed<'_>) -> Result<Heard, Failed> {
        if matches!(self.state, State::Fresh | State::Asked) {
            return Err(Failed::Lied);
        }
        for index in missed.iter() {
            if index >= self.chunks {
                return Err(Failed::Lied);
            }
            if self.begin.fast && index < self.next && !self.again.contains(&index) {
                self.once_more(index)?;
                self.again.push_back(index);
            }
        }
        if self.state == State::Missing {
            (self.state, self.until) = (State::Fast, now + STALLED);
        }
        Ok(Heard::GoesOn)
    }

    /// The device says by itself that it has all.
    fn finished_by_itself(&mut self) -> Result<Heard, Failed> {
        match self.state {
            State::Fast if self.next < self.chunks => return Err(Failed::Lied),
            State::Fast | State::Missing => self.state = State::Finish,
            State::Finish | State::Finishing => {}
            State::Fresh | State::Asked | State::Slow { .. } | State::Over => {
                return Err(Failed::Lied);
            }
        }
        self.again.clear();
        self.has_all = true;
        Ok(Heard::GoesOn)
    }

    /// How many bytes of the file the device took; in a fast update, were sent and not asked for again.
    #[must_use]
    pub fn sent(&self) -> u32 {
        let again = u16::try_from(self.again.len()).unwrap_or(u16::MAX);
        let chunks = u32::from(self.next.saturating_sub(again));
        (chunks * u32::from(self.begin.chunk)).min(self.begin.size)
    }

    /// Whether the device said that it is ready: then only the end of its session breaks the update off.
    #[must_use]
    pub const fn has_begun(&self) -> bool {
        self.begun
    }

    /// Whether the device was told that this was all, and has not said that it lacks something.
    #[must_use]
    pub const fn is_finishing(&self) -> bool {
        matches!(self.state, State::Finish | State::Finishing)
    }

    /// Whether the device said by itself that it has all: it may restart before it answers another word.
    #[must_use]
    pub const fn device_has_all(&self) -> bool {
        self.has_all
    }

    /// When to call [`Sender::handle_timeout`].
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        (self.state != State::Over).then_some(self.until)
    }

    /// Time has passed.
    ///
    /// # Errors
    /// [`Failed::Silent`] when the device had enough of it.
    pub fn handle_timeout(&mut self, now: Duration) -> Result<(), Failed> {
        if self.poll_timeout().is_none_or(|until| now < until) {
            return Ok(());
        }
        self.state = State::Over;
        Err(Failed::Silent)
    }
}
