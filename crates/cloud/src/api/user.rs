//! `GET /v1/user`: the caller. The name comes out of the token, since the store has none.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::error::ApiError;
use super::route::{Needs, Route, get};
use super::{ApiState, Fleet};
use crate::account::Caller;
use crate::device::is_cellular;

pub(super) fn routes<F: Fleet>() -> Vec<Route<F>> {
    vec![get("/v1/user", Needs::Token, show::<F>).says("Says who the caller is.")]
}

async fn show<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
) -> Result<Json<Value>, ApiError> {
    let devices = state.store.devices().list(caller.account).await?;
    let cellular =
        devices.iter().filter(|device| device.platform_id.is_some_and(is_cellular)).count();
    Ok(Json(json!({
        "id": caller.account.handle(),
        "username": caller.name.as_str(),
        "subscription_ids": [],
        "account_info": {},
        "mfa": { "enabled": false },
        "scim_provisioned": false,
        "no_password": false,
        "wifi_device_count": devices.len() - cellular,
        "cellular_device_count": cellular,
    })))
}
