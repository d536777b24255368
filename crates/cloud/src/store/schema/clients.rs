//! OAuth clients, refresh tokens, and grants under way.

pub(super) const STEP: &str = "";
