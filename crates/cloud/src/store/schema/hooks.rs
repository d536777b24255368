//! Webhooks, and what they have yet to deliver.

pub(super) const STEP: &str = "";
