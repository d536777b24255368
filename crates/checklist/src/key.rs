//! Pinned keys, and randomness across the fleet: what a cloud's audit service looks at.

use crate::check::Check;
use serde::Serialize;

/// What was seen.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Keys {}

/// What it claims.
pub const CHECKS: &[&Check] = &[];
