//! Attacks on the API, by HTTPS.

use crate::case::Case;

/// Its cases.
pub const CASES: &[&Case] = &[];
