//! The cloud's side: the handshake in steps, so that its two RSA operations can run elsewhere, then the session.
//!
//! 1. [`Greeting`]: send the nonce, collect exactly 256 bytes.
//! 2. [`Block::open`] decrypts them. It never tells whether that went well.
//! 3. Whoever called looks the id up and compares the key's fingerprint with the pinned one, in constant time.
//! 4. [`Claim::answer`] does the rest, with a decoy's key where something does not hold, so that every failure costs
//!    the same.
//! 5. [`Answer::admit`] is the first that tells whether all held. Send the answer and go on with the [`Session`]; or
//!    say nothing, and close at a fixed moment.

mod handshake;
mod ids;
mod questions;
mod saying;
mod session;
mod updating;

pub use handshake::{Answer, Block, Claim, Greeting};
pub use questions::{About, Asked};
pub use session::{Received, Sense, Session};
