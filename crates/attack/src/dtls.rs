//! Attacks over UDP: the handshake, records, connection IDs, floods.

use crate::case::Case;

/// Its cases.
pub const CASES: &[&Case] = &[];
