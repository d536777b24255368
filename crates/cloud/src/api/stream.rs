//! Event streams (server-sent events) in the form that particle-api-js reads.
//!
//! `:ok` comes first, at once. Each event is one piece: an `event:` line with the name, a `data:` line with JSON,
//! a blank line; a client that decodes piece by piece never sees half a character. A comment goes out every nine
//! seconds of silence, since clients hang up after fifteen. Nothing is replayed, and what a slow reader missed
//! is missed. A stream ends with the node, with its token (expired or revoked), and when its reader hangs up.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body::Frame;
use pintle_protocol::DeviceId;
use serde_json::json;
use tokio::sync::{mpsc, watch};

use super::address::Path;
use super::error::ApiError;
use super::locate::own_device;
use super::{ApiState, Fleet};
use crate::account::Caller;
use crate::clock::iso8601;
use crate::event::{Delivery, Event, Filter, Source, Subscription};

/// Silence after which a comment is sent.
const HEARTBEAT: Duration = Duration::from_secs(9);
/// Streams of one account at once.
const MAX_STREAMS: usize = 100;
/// Pieces that wait for a slow reader before its events wait in the bus.
const PIECES: usize = 16;

/// `GET /v1/devices/events`.
pub(super) async fn all<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
) -> Result<Response, ApiError> {
    open(&state, &caller, None, String::new()).await
}

/// `GET /v1/devices/events/{prefix}` and `GET /v1/events/{prefix}`.
pub(super) async fn matching<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    Path(prefix): Path<String>,
) -> Result<Response, ApiError> {
    open(&state, &caller, None, prefix).await
}

/// `GET /v1/devices/{device}/events`.
pub(super) async fn device<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    Path(device): Path<String>,
) -> Result<Response, ApiError> {
    let row = own_device(&state.store, caller.account, &device).await?;
    open(&state, &caller, Some(row.id), String::new()).await
}

/// `GET /v1/devices/{device}/events/{prefix}`.
pub(super) async fn device_matching<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    Path((device, prefix)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let row = own_device(&state.store, caller.account, &device).await?;
    open(&state, &caller, Some(row.id), prefix).await
}

/// `GET /v1/events`: there is no stream of everyone's events.
pub(super) async fn no_prefix(_: Caller) -> ApiError {
    ApiError::bad_request("event prefix filter is required")
}

async fn open<F: Fleet>(
    state: &ApiState<F>,
    caller: &Caller,
    device: Option<DeviceId>,
    prefix: String,
) -> Result<Response, ApiError> {
    let now_ms = state.clock.now().wall_ms;
    let mut lease = state.accounts.hold(caller, MAX_STREAMS, now_ms).await?;
    let subscription = state.bus.subscribe(Filter { owner: caller.account, device, prefix });
    let (pieces, receiver) = mpsc::channel(PIECES);
    let left = caller.expires_at_ms.saturating_sub(now_ms);
    let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
    let shutdown = state.shutdown.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = ended(shutdown) => {}
            () = tokio::time::sleep(left) => {}
            () = lease.ended() => {}
            () = feed(subscription, &pieces) => {}
        }
    });
    let mut response = (StatusCode::OK, Body::new(Pieces(receiver))).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    Ok(response)
}

async fn ended(mut shutdown: watch::Receiver<bool>) {
    // When the sender is gone nobody will ever say so; then the stream lives as long as its reader.
    if shutdown.wait_for(|over| *over).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Sends until the reader hangs up.
async fn feed(mut subscription: Subscription, pieces: &mpsc::Sender<Bytes>) {
    let mut piece = Bytes::from_static(b":ok\n\n");
    while pieces.send(piece).await.is_ok() {
        piece = tokio::select! {
            () = pieces.closed() => return,
            () = tokio::time::sleep(HEARTBEAT) => Bytes::from_static(b":\n\n"),
            delivery = subscription.next() => match delivery {
                Some(Delivery::Event(event)) => written(&event),
                Some(Delivery::Missed(count)) => format!(":missed {count}\n\n").into(),
                None => return,
            },
        };
    }
}

fn written(event: &Event) -> Bytes {
    let source = match event.source {
        Source::Device(id) => id.to_string(),
        Source::Api => "api".to_owned(),
        Source::Cloud => "particle-internal".to_owned(),
    };
    let data = json!({
        "data": text(event),
        "ttl": event.ttl,
        "published_at": iso8601(event.published_at_ms),
        "coreid": source,
    });
    // A line break in a name would let a device write events in another's name.
    let name = event.name.replace(|c: char| c.is_control(), " ");
    format!("event: {name}\ndata: {data}\n\n").into()
}

/// JSON carries text alone: other bytes go as a data URL (RFC 2397).
fn text(event: &Event) -> String {
    /// CoAP Content-Format of bytes of any kind (RFC 7252 12.3).
    const OCTET_STREAM: u16 = 42;
    match std::str::from_utf8(&event.data) {
        Ok(text) if event.content_format != OCTET_STREAM => text.to_owned(),
        _ => format!("data:application/octet-stream;base64,{}", STANDARD.encode(&event.data)),
    }
}

/// A body whose every frame is one piece from the queue.
struct Pieces(mpsc::Receiver<Bytes>);

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}
