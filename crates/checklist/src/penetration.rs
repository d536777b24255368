//! Item 7, the penetration test: a selection in each run, the last full one, and what hired testers found.

use crate::check::Check;
use serde::Serialize;

/// What was seen.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Penetration {}

/// What it claims.
pub const CHECKS: &[&Check] = &[];
