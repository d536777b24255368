//! The TCP session: recorded conversations, hostile input, damage, limits, and the handshake with a stand-in for RSA.

mod damage;
mod damaged;
mod handshake;
mod hostile;
mod limits;
mod pair;
mod recorded;
mod recording;
