//! The crate from the outside: two endpoints on virtual time over a network that loses, repeats and reorders.
//! One file a concern; `pair.rs` is the stage they all play on.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

mod connection_id;
mod export_import;
mod forged;
mod fragmentation;
mod handshake;
mod pair;
mod pinned;
mod proof;
mod refusals;
mod reorder;
mod replay;
mod retransmit;
mod wire_model;
