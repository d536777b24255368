//! Item 8, firmware code review: who signed what is released, and what runs in the field.

use crate::check::Check;
use serde::Serialize;

/// What was seen.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Review {}

/// What it claims.
pub const CHECKS: &[&Check] = &[];
