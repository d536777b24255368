//! One-time secrets, and the keys that people registered for them.

pub(super) const STEP: &str = "";
