//! Item 3, dependencies: what the product is made of, and what is known against it.

use crate::check::Check;
use serde::Serialize;

/// What was seen.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Dependencies {}

/// What it claims.
pub const CHECKS: &[&Check] = &[];
