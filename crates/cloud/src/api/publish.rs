//! `POST /v1/devices/events`: publishes an event to the caller's devices and streams.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::body::Fields;
use super::error::ApiError;
use super::route::{Kind, Needs, Route, post};
use super::{ApiState, Fleet};
use crate::account::{Caller, Scope};
use crate::event::{DEFAULT_TTL, Event, MAX_DATA, MAX_NAME, Source, is_reserved};
use crate::weakened::{self, Weakness};

pub(super) fn routes<F: Fleet>() -> Vec<Route<F>> {
    vec![
        post("/v1/devices/events", Needs::Own(Scope::EventsSend), publish::<F>)
            .says("Publishes an event to the caller's devices and streams.")
            .asks("name", Kind::Text)
            .takes("data", Kind::Text)
            .takes("ttl", Kind::Integer)
            .takes("private", Kind::Flag)
            .fails(&[503]),
    ]
}

async fn publish<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let name = fields.text(&["name"]).filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| ApiError::bad_request("The field name is missing."))?;
    check_name(&name)?;
    let data = fields.text(&["data"]).unwrap_or_default().into_bytes();
    if data.len() > MAX_DATA {
        let text = format!("The data is too long: an event carries at most {MAX_DATA} bytes.");
        return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, text));
    }
    let ttl = fields.text(&["ttl"]).and_then(|ttl| ttl.trim().parse().ok()).unwrap_or(DEFAULT_TTL);
    let event = Event {
        name,
        data,
        content_format: 0,
        ttl,
        published_at_ms: state.clock.now().wall_ms,
        source: Source::Api,
        owner: Some(caller.account),
    };
    let wanted = state.hooks.as_ref().map(|hooks| hooks.wanted(&event)).unwrap_or_default();
    if !wanted.by_any() {
        state.bus.publish(event);
    } else if !state.fleet.keep(event, wanted).await {
        return Err(ApiError::not_durable());
    }
    Ok(Json(json!({ "ok": true })))
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let breaks = name.chars().any(char::is_control) && !weakened::is(Weakness::LineBreaksKept);
    if name.len() > MAX_NAME || breaks {
        return Err(ApiError::bad_request(format!(
            "An event name has 1 to {MAX_NAME} bytes and no control characters."
        )));
    }
    if is_reserved(name) {
        return Err(ApiError::bad_request(
            "Event names under spark/ and particle/ are the server's own.",
        ));
    }
    Ok(())
}
