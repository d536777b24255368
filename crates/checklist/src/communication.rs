//! Item 4, communication: what a stranger gets on the wire.

use crate::check::Check;
use serde::Serialize;

/// What was seen.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Communication {}

/// What it claims.
pub const CHECKS: &[&Check] = &[];
