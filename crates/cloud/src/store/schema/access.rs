//! Organisations, teams, roles and the people of a product.

pub(super) const STEP: &str = "";
