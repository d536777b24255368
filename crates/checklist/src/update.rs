//! Item 9, the update mechanism: an update on a scratch product, and all that can go wrong with it.

use crate::check::Check;
use serde::Serialize;

/// What was seen.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Update {}

/// What it claims.
pub const CHECKS: &[&Check] = &[];
