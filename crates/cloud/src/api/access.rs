//! Who may do what: organisations, the teams of products and organisations, and the services in them.

mod organization;
mod reason;
mod service;
mod team;

use super::Fleet;
use super::route::Route;

pub(super) use reason::Reason;

pub(super) fn routes<F: Fleet>() -> Vec<Route<F>> {
    [organization::routes(), team::routes(), service::routes()].into_iter().flatten().collect()
}
