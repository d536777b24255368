//! What people prove themselves with beyond a password.

pub(super) const STEP: &str = "";
