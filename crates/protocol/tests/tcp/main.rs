//! The TCP session: recorded conversations, hostile input, damage, limits, and the handshake with a stand-in for RSA.

mod answers;
mod damage;
mod damaged;
mod handshake;
mod hostile;
mod limits;
mod pair;
mod properties;
mod recorded;
mod recording;
mod replayed;
mod replayed_updates;
mod updates;
