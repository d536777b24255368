//! The UDP door from outside: real sockets on loopback, a real store, devices made of the client side
//! of `pintle_dtls`. One file a promise or concern.

mod device;
mod node;

mod anomalies;
mod conversation;
mod cookies;
#[cfg(feature = "simulation")]
mod disk;
mod floods;
mod killed;
mod neighbours;
mod pins;
mod repeats;
mod restart;
mod shards;
#[cfg(feature = "tcp")]
mod tcp;
#[cfg(feature = "simulation")]
mod updates;
