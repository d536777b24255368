//! Attacks on the TCP service.

use crate::case::Case;

/// Its cases.
pub const CASES: &[&Case] = &[];
