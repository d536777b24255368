//! `GET /v1/devices/{device}/{variable}`, and the same of a product's device: reads a variable.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use pintle_protocol::value::{Value, VariableType};
use serde_json::json;

use super::address::{Last, Query};
use super::device::{last_handshake, variables};
use super::error::ApiError;
use super::function::Format;
use super::route::{Kind, Needs, Route, get};
use super::this::This;
use super::{ApiState, Fleet};
use crate::account::Scope;
use crate::clock::iso8601;
use crate::store::device::DeviceRow;

pub(super) fn routes<F: Fleet>() -> Vec<Route<F>> {
    let paths = [
        ("/v1/devices/{device}/{name}", Needs::Device(Scope::VariableGet)),
        ("/v1/products/{product}/devices/{device}/{name}", Needs::Product(Scope::VariableGet)),
    ];
    let route = |(path, needs)| {
        get(path, needs, read::<F>)
            .says("Reads a variable of a device.")
            .query("format", Kind::Text)
            .fails(&[400, 408, 413])
    };
    paths.into_iter().map(route).collect()
}

async fn read<F: Fleet>(
    State(state): State<ApiState<F>>,
    This(row): This<DeviceRow>,
    Last(variable): Last,
    Query(format): Query<Format>,
) -> Result<Response, ApiError> {
    let kind = kind_of(&row, &variable)
        .ok_or_else(|| ApiError::not_found(format!("Unknown Variable: {variable}")))?;
    let presence = state.fleet.presence(row.id);
    if !presence.online {
        return Err(ApiError::offline());
    }
    let value = shown(state.fleet.read(row.id, &variable, kind).await?);
    if format.is_raw(None) {
        return Ok(match value {
            serde_json::Value::String(text) => text.into_response(),
            value => Json(value).into_response(),
        });
    }
    let presence = state.fleet.presence(row.id);
    Ok(Json(json!({
        "cmd": "VarReturn",
        "name": variable,
        "result": value,
        "coreInfo": {
            "name": row.name,
            "deviceID": row.id.to_string(),
            "connected": presence.online,
            "last_handshake_at": last_handshake(&row, presence).map(iso8601),
        },
    }))
    .into_response())
}

fn kind_of(row: &DeviceRow, variable: &str) -> Option<VariableType> {
    VariableType::from_name(variables(row)?.get(variable)?.as_str()?)
}

/// A number that JSON has no form for (not a number, infinite) is null.
fn shown(value: Value) -> serde_json::Value {
    match value {
        Value::Bool(value) => value.into(),
        Value::Int(value) => value.into(),
        Value::Double(value) => value.into(),
        // A device may cut a text inside a character.
        Value::String(value) => String::from_utf8_lossy(&value).into(),
    }
}
