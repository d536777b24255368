//! Item 6, user access: people, tokens, clients, and who reaches which device.

use crate::check::Check;
use serde::Serialize;

/// What was seen.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Access {}

/// What it claims.
pub const CHECKS: &[&Check] = &[];
