//! Attacks on the TCP service: its handshake, its frames, its sessions, its door.
//!
//! `call` is a connection, `blocks` makes blocks of every kind for the cloud's key, `session` is a device's session in the
//! attacker's hands. The other rooms have the cases. What a target refuses, it refuses late and in silence; so a device
//! that is let in after an attack tells that the attack was dealt with.

mod blocks;
mod call;
mod door;
mod frames;
mod oracle;
mod session;
mod strangers;
mod welch;

use crate::case::Case;

/// Its cases, in the order in which they run.
pub const CASES: &[&Case] = &[
    &strangers::WRONG_KEY,
    &strangers::ANOTHERS_ID,
    &strangers::RECORDED_BLOCK,
    &strangers::ODD_BLOCKS,
    &oracle::PADDING,
    &oracle::TIMING,
    &frames::LENGTHS,
    &frames::BIT_FLIPS,
    &frames::REPEATED_FRAME,
    &frames::MESSAGE_IDS,
    &frames::OUT_OF_PLACE,
    &door::SECOND_SESSION,
    &door::CROWD,
    &door::SLOW,
];
