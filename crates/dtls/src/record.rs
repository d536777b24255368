//! The record layer (RFC 6347 4.1, RFC 9146 4): framing, protection, and the replay window.

pub(crate) mod header;
pub(crate) mod protection;
pub(crate) mod replay;
