//! `PUT /v1/devices/{device}`: renames it, notes something about it, makes it show itself, or flashes a file.

use axum::Json;
use axum::extract::{FromRequest, Request, State};
use serde_json::{Value, json};

use super::body::Fields;
use super::error::ApiError;
use super::route::{Kind, Needs, Route, put};
use super::this::This;
use super::{ApiState, Fleet, flash, upload};
use crate::account::{Caller, Scope};
use crate::clock::iso8601;
use crate::store::device::{DeviceRow, Rename};

/// The most characters of a device's name.
const MAX_NAME: usize = 64;
/// The most bytes of a device's notes.
const MAX_NOTES: usize = 4_096;

pub(super) fn routes<F: Fleet>() -> Vec<Route<F>> {
    vec![
        put("/v1/devices/{device}", Needs::Device(Scope::DevicesUpdate), update::<F>)
            .says("Renames a device, notes something about it, makes it show itself, or flashes a file.")
            .unseen_is_denied()
            .takes("name", Kind::Text)
            .takes("notes", Kind::Text)
            .takes("signal", Kind::Flag)
            .takes("file", Kind::File),
    ]
}

async fn update<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    This(row): This<DeviceRow>,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    if upload::is_form_with_files(&request) {
        let uploaded = upload::read(&state, request).await?;
        return flash::flash(&state, &caller, &row, uploaded).await;
    }
    let fields = Fields::from_request(request, &()).await?;
    if let Some(name) = fields.text(&["name"]) {
        return rename(&state, &caller, &row, name.trim()).await;
    }
    if fields.has("notes") {
        return annotate(&state, &caller, &row, fields.text(&["notes"])).await;
    }
    if let Some(on) = fields.flag(&["signal"]) {
        return signal(&state, &row, on).await;
    }
    Err(ApiError::bad_request("Nothing to change: send name, notes, signal or a file."))
}

async fn rename<F: Fleet>(
    state: &ApiState<F>,
    caller: &Caller,
    row: &DeviceRow,
    name: &str,
) -> Result<Json<Value>, ApiError> {
    let reserved =
        name.eq_ignore_ascii_case("events") || name.parse::<pintle_protocol::DeviceId>().is_ok();
    if name.is_empty()
        || name.chars().count() > MAX_NAME
        || name.chars().any(char::is_control)
        || reserved
    {
        return Err(ApiError::bad_request(format!(
            "A device name has 1 to {MAX_NAME} characters, is not \"events\" and does not look like a device id."
        )));
    }
    match state.store.devices().rename(row.id, caller.account, name).await? {
        Rename::Renamed => Ok(Json(json!({
            "ok": true,
            "id": row.id.to_string(),
            "name": name,
            "updated_at": iso8601(state.clock.now().wall_ms),
        }))),
        Rename::NameTaken => Err(ApiError::bad_request("You have another device of that name.")),
        Rename::NotYours => Err(ApiError::forbidden("Permission Denied")),
    }
}

async fn annotate<F: Fleet>(
    state: &ApiState<F>,
    caller: &Caller,
    row: &DeviceRow,
    notes: Option<String>,
) -> Result<Json<Value>, ApiError> {
    if notes.as_ref().is_some_and(|notes| notes.len() > MAX_NOTES) {
        return Err(ApiError::bad_request(format!("Notes have at most {MAX_NOTES} bytes.")));
    }
    if !state.store.devices().annotate(row.id, caller.account, notes.as_deref()).await? {
        return Err(ApiError::forbidden("Permission Denied"));
    }
    Ok(Json(json!({
        "ok": true,
        "id": row.id.to_string(),
        "notes": notes,
        "updated_at": iso8601(state.clock.now().wall_ms),
    })))
}

async fn signal<F: Fleet>(
    state: &ApiState<F>,
    row: &DeviceRow,
    on: bool,
) -> Result<Json<Value>, ApiError> {
    state.fleet.signal(row.id, on).await?;
    Ok(Json(json!({ "ok": true, "id": row.id.to_string(), "connected": true, "signaling": on })))
}
