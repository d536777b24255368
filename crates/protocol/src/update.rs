//! The transfer of a firmware update over UDP, third version, both sides.
//!
//! ```text
//!   cloud                                              device
//!   CON POST /S  size, SHA-256, chunk size, statement ->
//!        <----------- CON 2.01  window, where to begin      ([`Started`]; or an error, [`Failure`])
//!   NON POST /C  index, chunk ------------------------>     many, not more than the window ahead
//!        <----------- NON POST /A  index, gaps              every second chunk, at once for a gap
//!   CON POST /F ------------------------------------->
//!        <----------- CON 2.04  statistics                  the device applies it when this is acknowledged
//! ```
//!
//! The statement is what was signed about the file; Device OS reads the options alone, and passes over it.
//!
//! Indices count from 1 and from where the transfer began: a device that kept the start of the same file from before
//! says so in its 2.01. [`Sender`] is the cloud's side of the chunks, [`Receiver`] the device's; the confirmable
//! messages go through [`crate::exchange`] like any others.

mod failure;
mod gaps;
mod pace;
mod receiver;
mod sender;
mod statistics;
mod wire;

pub use failure::{Failure, LONGEST_MESSAGE, Refusal};
pub use gaps::Gaps;
pub use receiver::{Receiver, Took};
pub use sender::{Lied, Sender, Sent};
pub use statistics::Statistics;
pub use wire::{Acknowledged, Chunk, Finish, FromCloud, FromDevice, Start, Started};

/// How many bytes a device takes ahead of the first that is missing.
pub const WINDOW: u32 = 128 * 1024;

/// How long the statement in a [`Start`] may be, in bytes: with the longest options it fits one message.
pub const MAX_STATEMENT: usize = 1024;

/// The sizes that a chunk may have, in bytes; always a multiple of four.
pub const CHUNK_SIZES: core::ops::RangeInclusive<u16> = 512..=1136;

/// How many chunks of such a size go into the window.
#[must_use]
pub const fn window_of(chunk: u16) -> u32 {
    WINDOW / if chunk == 0 { 1 } else { chunk as u32 }
}
