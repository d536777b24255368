//! Item 2, applications: what runs, with which rights; what an image for a microcontroller was left with.

use crate::check::Check;
use serde::Serialize;

/// What was seen.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Applications {}

/// What it claims.
pub const CHECKS: &[&Check] = &[];
