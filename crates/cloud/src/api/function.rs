//! `POST /v1/devices/{device}/{function}`, and the same of a product's device: calls a function.
//!
//! What the device described decides whether a name exists, so an unknown one is answered at once, online or
//! not. A device that never described itself is asked.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::address::{Last, Query};
use super::body::Fields;
use super::device::functions;
use super::error::ApiError;
use super::route::{Kind, Needs, Route, post};
use super::this::This;
use super::{ApiState, Fleet};
use crate::account::Scope;
use crate::device::MAX_ARGUMENT;
use crate::store::device::DeviceRow;

/// `?format=raw` asks for the bare value.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Format {
    format: Option<String>,
}

impl Format {
    pub(super) fn is_raw(&self, fields: Option<&Fields>) -> bool {
        let asked =
            fields.and_then(|fields| fields.text(&["format"])).or_else(|| self.format.clone());
        asked.as_deref() == Some("raw")
    }
}

pub(super) fn routes<F: Fleet>() -> Vec<Route<F>> {
    let paths = [
        ("/v1/devices/{device}/{name}", Needs::Device(Scope::FunctionCall)),
        ("/v1/products/{product}/devices/{device}/{name}", Needs::Product(Scope::FunctionCall)),
    ];
    let route = |(path, needs)| {
        post(path, needs, call::<F>)
            .says("Calls a function of a device.")
            .query("format", Kind::Text)
            .takes("arg", Kind::Text)
            .takes("args", Kind::Text)
            .takes("format", Kind::Text)
    };
    paths.into_iter().map(route).collect()
}

async fn call<F: Fleet>(
    State(state): State<ApiState<F>>,
    This(row): This<DeviceRow>,
    Last(function): Last,
    Query(format): Query<Format>,
    fields: Fields,
) -> Result<Response, ApiError> {
    if functions(&row).is_some_and(|known| !known.contains(&function)) {
        return Err(ApiError::not_found(format!("Function {function} not found")));
    }
    let argument = fields.text(&["arg", "args"]).unwrap_or_default();
    if argument.len() > MAX_ARGUMENT {
        return Err(crate::device::AskError::TooLarge { limit: MAX_ARGUMENT }.into());
    }
    if !state.fleet.presence(row.id).online {
        return Err(ApiError::offline());
    }
    let value = state.fleet.call(row.id, &function, argument.as_bytes()).await?;
    if format.is_raw(Some(&fields)) {
        return Ok(Json(value).into_response());
    }
    Ok(Json(json!({
        "id": row.id.to_string(),
        "name": row.name,
        "connected": true,
        "return_value": value,
    }))
    .into_response())
}
