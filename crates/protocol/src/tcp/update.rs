//! Firmware updates over TCP, the fast protocol and the slow one, both sides.
//!
//! ```text
//!   cloud                                       device
//!   CON POST u  fast or slow, chunk, size ------>
//!        <------------ ACK, then NON 2.04  1 fast, 0 slow        (or a refusal, and nothing more)
//!   fast: CON POST c  CRC-32, index, bytes ----->  one behind the other; not answered (before 0.7: as in slow)
//!   slow: CON POST c  CRC-32, bytes ------------>
//!        <------------ ACK, then NON 2.04 good, 4.00 bad         then the next, or the same again
//!   CON PUT u ---------------------------------->
//!        <------------ ACK 2.04                                  it has all, and applies it
//!        <------------ ACK 4.00, then GET c  indices             fast: those again, then PUT u again
//!        <------------ NON PUT u                                 old code: that was all; PUT u is still answered
//! ```
//!
//! [`Sender`] is the cloud's side: what to say next, and what the device's answers mean. [`Receiver`] is the device's.
//! Neither writes: [`super::server::Session::update`] and the functions of [`super::client::Session`] do.
//!
//! Nothing authenticates what is sent, and a device checks no signature: whoever sends has checked the file before. There
//! is no way to break an update off but to end the session; the device then forgets what it got, and the next update
//! begins anew. A device cannot make a cloud send without end: no chunk is sent more than [`MOST_TIMES`], and who asks for
//! what it cannot lack has lied.

use core::time::Duration;

mod receiver;
mod sender;
mod wire;

pub use receiver::{Receiver, Took};
pub use sender::{Failed, Heard, Say, Sender, TooLarge};
pub use wire::{Begin, Chunk, FromCloud, Missed, Store};

/// Bytes of a chunk; only the last may be shorter. Every device takes this many.
pub const CHUNK: u16 = 512;
/// How many chunks there may be: an index is less than 65,535.
pub const MOST_CHUNKS: u16 = u16::MAX;
/// How many missing chunks a device names at a time, at most.
pub const MOST_MISSED: usize = 50;
/// How often a chunk is sent, at most.
pub const MOST_TIMES: u8 = 8;

/// How long a device may take to make room for the file.
pub const READY_WITHIN: Duration = Duration::from_secs(60);
/// How long it may take to store a chunk, or to say what it misses.
pub const CHUNK_WITHIN: Duration = Duration::from_secs(20);
/// How long it may take to check the file.
pub const DONE_WITHIN: Duration = Duration::from_secs(60);
/// How long the way to the device may take nothing of a fast update.
pub const STALLED: Duration = Duration::from_secs(60);

/// The bytes of a device's list of what came: one bit for each chunk. It has them at the end of its buffer for frames.
#[must_use]
pub const fn bitmap(chunks: u16) -> usize {
    (chunks as usize).div_ceil(8)
}
