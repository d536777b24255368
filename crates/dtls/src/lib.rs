//! DTLS 1.2 (RFC 6347) between a device and its cloud, each pinned to the other's key.
//!
//! One cipher suite, `TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8` (RFC 7251) on P-256, raw public keys in
//! both directions (RFC 7250), connection IDs (RFC 9146, and the older layout that Device OS speaks),
//! and sessions small enough to keep by the million and to carry over a restart.
//!
//! Everything here is sans-IO: datagrams and the time go in, datagrams, events and deadlines come out.
//! `now` is always the time since an arbitrary fixed start of the process. Nothing here owns a socket,
//! a clock or a thread, and the crate runs without `std`.
//!
//! What it does not do: renegotiation, resumption, compression, X.509, pre-shared keys, DTLS 1.0 or 1.3.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(any(feature = "aws-lc", feature = "rustcrypto")),
    allow(dead_code, reason = "private keys are read for the backends")
)]

extern crate alloc;

mod alert;
pub mod client;
mod connection_id;
pub mod crypto;
mod dialect;
mod dispatch;
mod error;
mod flight;
mod key;
mod key_schedule;
mod message;
mod reassembly;
mod record;
pub mod server;
mod session;
mod transcript;
#[cfg(feature = "weakened")]
pub mod weakened;
#[cfg(not(feature = "weakened"))]
mod weakened;
mod wire;

pub use connection_id::{ConnectionId, PeerConnectionId, connection_id_of};
pub use dialect::Dialect;
pub use error::{HandshakeError, ImportError, KeyError, OpenError, SealError};
pub use key::{Fingerprint, PublicKey};
pub use session::{Content, ExportedSession, MAX_PLAINTEXT, Opened, Role, Session, Window};
