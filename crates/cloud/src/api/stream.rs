//! Event streams (server-sent events) in the form that particle-api-js reads.
//!
//! `:ok` comes first, at once. Each event is an `event:` line with the name, a `data:` line with JSON, a blank
//! line; pieces hold whole events, so a client that decodes piece by piece never sees half a character. A comment
//! goes out every nine seconds of silence, since clients hang up after fifteen. Nothing is replayed.
//!
//! What finds no room in a slow reader's queue is lost to it, and a comment says how much that was. One that stays
//! behind is told so and sent away ([`watch`]); the others never wait for it. A stream also ends with the node, with
//! its token (expired or revoked), and when its reader hangs up.

mod pieces;
mod text;
mod watch;

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use pintle_protocol::DeviceId;

use super::address::Path;
use super::error::ApiError;
use super::line::Line;
use super::route::{Gives, Needs, Route, get};
use super::this::This;
use super::{ApiState, Fleet};
use crate::account::{Caller, Scope};
use crate::event::Filter;
use crate::store::device::DeviceRow;
use pieces::Pieces;
use watch::Watch;

pub(super) fn routes<F: Fleet>() -> Vec<Route<F>> {
    let (own, of_device) = (Needs::Own(Scope::EventsGet), Needs::Device(Scope::EventsGet));
    let stream = |route: Route<F>| route.gives(200, Gives::Events);
    vec![
        get("/v1/events", own, no_prefix)
            .says("Refuses: there is no stream of everyone's events.")
            .fails(&[400]),
        stream(get("/v1/events/{*prefix}", own, matching::<F>))
            .says("Streams the caller's events whose names begin so."),
        stream(get("/v1/devices/events", own, all::<F>)).says("Streams the caller's events."),
        stream(get("/v1/devices/events/{*prefix}", own, matching::<F>))
            .says("Streams the caller's events whose names begin so."),
        stream(get("/v1/devices/{device}/events", of_device, device::<F>))
            .says("Streams the events of a device."),
        stream(get("/v1/devices/{device}/events/{*prefix}", of_device, device_matching::<F>))
            .says("Streams the events of a device whose names begin so."),
    ]
}

/// `GET /v1/devices/events`.
async fn all<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    line: Line,
) -> Result<Response, ApiError> {
    open(&state, &caller, line, None, String::new()).await
}

/// `GET /v1/devices/events/{prefix}` and `GET /v1/events/{prefix}`.
async fn matching<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    line: Line,
    Path(prefix): Path<String>,
) -> Result<Response, ApiError> {
    open(&state, &caller, line, None, prefix).await
}

/// `GET /v1/devices/{device}/events`.
async fn device<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    line: Line,
    This(row): This<DeviceRow>,
) -> Result<Response, ApiError> {
    open(&state, &caller, line, Some(row.id), String::new()).await
}

/// `GET /v1/devices/{device}/events/{prefix}`.
async fn device_matching<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    line: Line,
    This(row): This<DeviceRow>,
    Path((_, prefix)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    open(&state, &caller, line, Some(row.id), prefix).await
}

/// `GET /v1/events`: there is no stream of everyone's events.
async fn no_prefix(_: Caller) -> ApiError {
    ApiError::bad_request("event prefix filter is required")
}

async fn open<F: Fleet>(
    state: &ApiState<F>,
    caller: &Caller,
    line: Line,
    device: Option<DeviceId>,
    prefix: String,
) -> Result<Response, ApiError> {
    let now_ms = state.clock.now().wall_ms;
    let most = state.guard.limits().streams.get();
    let lease = state.accounts.hold(caller, most, now_ms).await?;
    let subscription = state.bus.subscribe(Filter { owner: caller.account, device, prefix });
    let left = caller.expires_at_ms.saturating_sub(now_ms);
    let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
    let (monitor, shutdown) = (subscription.monitor(), state.shutdown.clone());
    let (pieces, gone) = Pieces::new(subscription);
    tokio::spawn(Watch { monitor, shutdown, left, lease, gone, line }.keep());
    let mut response = (StatusCode::OK, Body::new(pieces)).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    Ok(response)
}
