//! Which path leads where. What no route takes is answered in the one shape of an error.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::routing::{any, delete, get, post, put};

use super::error::ApiError;
use super::{
    ApiState, Fleet, claim, device, function, health, login, product, provisioning, publish,
    stream, token, update, user, variable,
};

pub(super) fn all<F: Fleet>(state: ApiState<F>) -> Router {
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready::<F>))
        .route("/.well-known/security.txt", get(health::security_txt::<F>))
        .route("/oauth/token", post(login::grant::<F>))
        .route("/v1/access_tokens", delete(token::revoke_all::<F>))
        .route("/v1/access_tokens/current", get(token::current).delete(token::revoke_current::<F>))
        .route("/v1/access_tokens/{token}", delete(token::revoke::<F>))
        .route("/v1/user", get(user::show::<F>))
        .merge(products())
        .route("/v1/orgs", get(product::organizations))
        .route("/v1/orgs/{*rest}", any(product::denied))
        .route("/v1/provisioning/{device}", post(provisioning::pin::<F>))
        .route("/v1/events", get(stream::no_prefix))
        .route("/v1/events/{*prefix}", get(stream::matching::<F>))
        .merge(devices())
        .fallback(nothing_here)
        .method_not_allowed_fallback(wrong_method)
        .with_state(state)
}

fn devices<F: Fleet>() -> Router<ApiState<F>> {
    Router::new()
        .route("/v1/devices", get(device::list::<F>).post(claim::claim::<F>))
        .route("/v1/devices/events", get(stream::all::<F>).post(publish::publish::<F>))
        .route("/v1/devices/events/{*prefix}", get(stream::matching::<F>))
        .route(
            "/v1/devices/{device}",
            get(device::show::<F>).put(update::update::<F>).delete(device::release::<F>),
        )
        .route("/v1/devices/{device}/ping", put(device::ping::<F>))
        .route("/v1/devices/{device}/events", get(stream::device::<F>))
        .route("/v1/devices/{device}/events/{*prefix}", get(stream::device_matching::<F>))
        .route("/v1/devices/{device}/{name}", get(variable::read::<F>).post(function::call::<F>))
}

/// Files go up to their own bounds, see [`super::upload`].
fn products<F: Fleet>() -> Router<ApiState<F>> {
    use product::{device, firmware};
    let own = get(product::list::<F>).post(product::create::<F>);
    let devices =
        get(device::list::<F>).post(product::approve_or_import::<F>).put(product::set_groups::<F>);
    Router::new()
        .route("/v1/user/products", own.clone())
        .route("/v1/products", own)
        .route("/v1/products/{product}", get(product::show::<F>).put(product::edit::<F>))
        .route(
            "/v1/products/{product}/keyring",
            get(product::keyring::<F>).put(product::set_keyring::<F>),
        )
        .route("/v1/products/{product}/devices", devices)
        .route(
            "/v1/products/{product}/devices/{device}",
            get(device::show::<F>).put(device::change::<F>).delete(device::remove::<F>),
        )
        .route(
            "/v1/products/{product}/firmware",
            get(firmware::list::<F>).post(firmware::upload::<F>),
        )
        .route("/v1/products/{product}/firmware/release", put(firmware::release::<F>))
        .route(
            "/v1/products/{product}/firmware/{version}",
            get(firmware::show::<F>).put(firmware::edit::<F>).delete(firmware::remove::<F>),
        )
        .route("/v1/products/{product}/firmware/{version}/binary", get(firmware::binary::<F>))
        .layer(DefaultBodyLimit::disable())
}

async fn nothing_here() -> ApiError {
    ApiError::not_found("There is nothing at this path.")
}

async fn wrong_method() -> ApiError {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "This path does not take this method.")
}
