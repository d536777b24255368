//! Item 5, the cloud: a node's configuration, files and host.

use crate::check::Check;
use serde::Serialize;

/// What was seen.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Node {}

/// What it claims.
pub const CHECKS: &[&Check] = &[];
