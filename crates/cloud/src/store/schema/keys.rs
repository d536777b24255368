//! Data keys, wrapped.

pub(super) const STEP: &str = "";
