//! Products: what their devices run, and how that changes.

pub mod rollout;
