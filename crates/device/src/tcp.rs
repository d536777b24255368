//! A device of the TCP service, as Core and Photon are: another handshake, a stream instead of datagrams, and four
//! generations of firmware to choose from.
//!
//! [`Life`] is what such a device says and when, without a socket or a clock; the handshake and the peculiarities of
//! each firmware are `pintle_protocol`'s. No session outlives its connection: a device that comes back shakes hands.

mod answer;
mod join;
mod life;
mod link;
mod profile;
#[cfg(test)]
pub(crate) mod tests;
mod updating;

pub(crate) use life::Life;
