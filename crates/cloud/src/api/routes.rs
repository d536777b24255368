//! The one table of routes. The router is made from it alone, so no route can be outside it; what no route takes is
//! answered in the one shape of an error.

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;

use super::error::ApiError;
use super::gate::{Gate, pass};
use super::route::{Entry, Needs, Route};
use super::{
    ApiState, Fleet, access, claim, client, customer, device, function, health, integration, key,
    oauth, openapi, product, provisioning, publish, second_factor, secret, stream, token, update,
    user, variable,
};

/// All routes, a line for each file that has some.
fn table<F: Fleet>() -> Vec<Route<F>> {
    let rooms = [
        health::routes(),
        oauth::routes(),
        client::routes(),
        customer::routes(),
        token::routes(),
        user::routes(),
        second_factor::routes(),
        device::routes(),
        claim::routes(),
        update::routes(),
        function::routes(),
        variable::routes(),
        stream::routes(),
        publish::routes(),
        provisioning::routes(),
        key::routes(),
        product::routes(),
        product::device::routes(),
        product::import::routes(),
        product::firmware::routes(),
        access::routes(),
        integration::routes(),
        secret::routes(),
        openapi::routes(),
    ];
    rooms.into_iter().flatten().collect()
}

/// What is known of every route.
#[must_use]
pub fn entries<F: Fleet>() -> Vec<Entry> {
    table::<F>().into_iter().map(|route| route.entry).collect()
}

pub(super) fn all<F: Fleet>(state: ApiState<F>) -> Router {
    assemble(table(), state)
}

/// The same routes and what they need, with handlers that only say that they were reached (status 418): for walking
/// everyone through every route.
pub fn rehearsal<F: Fleet>(state: ApiState<F>) -> Router {
    assemble(table().into_iter().map(Route::rehearsed).collect(), state)
}

fn assemble<F: Fleet>(table: Vec<Route<F>>, state: ApiState<F>) -> Router {
    let mut router = Router::new();
    for Route { entry, answers } in table {
        let path = entry.path;
        let guarded = match entry.needs {
            Needs::Nothing => answers,
            _ => {
                answers.route_layer(from_fn_with_state(Gate::new(state.clone(), entry), pass::<F>))
            }
        };
        router = router.route(path, guarded);
    }
    router.fallback(nothing_here).method_not_allowed_fallback(wrong_method).with_state(state)
}

async fn nothing_here() -> ApiError {
    ApiError::not_found("There is nothing at this path.")
}

async fn wrong_method() -> ApiError {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "This path does not take this method.")
}
