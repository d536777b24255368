//! Item 1, the operating system: sockets, kernel, file systems, accounts.

use crate::check::Check;
use serde::Serialize;

/// What was seen.
#[derive(Clone, Debug, Default, Serialize)]
pub struct System {}

/// What it claims.
pub const CHECKS: &[&Check] = &[];
