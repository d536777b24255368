//! The audit log.

pub(super) const STEP: &str = "";
