//! `POST /v1/devices`: claims a device that is known here and nobody's.

use axum::Json;
use axum::extract::State;
use pintle_protocol::DeviceId;
use serde_json::{Value, json};

use super::body::Fields;
use super::error::ApiError;
use super::route::{Kind, Needs, Route, post};
use super::{ApiState, Fleet};
use crate::account::{Caller, Scope};
use crate::store::device::Claim;

pub(super) fn routes<F: Fleet>() -> Vec<Route<F>> {
    vec![
        post("/v1/devices", Needs::Own(Scope::DevicesClaim), claim::<F>)
            .says("Claims a device that is known here and nobody's.")
            .asks("id", Kind::Text)
            .takes("request_transfer", Kind::Flag)
            .fails(&[404]),
    ]
}

async fn claim<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let Some(id) = fields.text(&["id", "deviceID"]) else {
        return Err(ApiError::bad_request(
            "The field id is missing. This server makes no device ids.",
        ));
    };
    let id: DeviceId = id.trim().parse().map_err(|_| ApiError::no_such_device())?;
    let store = state.telling(&caller, "device.claimed", "device", id);
    match store.devices().claim(id, caller.account).await? {
        Claim::Unknown => Err(ApiError::no_such_device()),
        // The first text makes clients offer a transfer; the second ends that.
        Claim::Foreign if fields.flag(&["request_transfer"]) == Some(true) => {
            Err(ApiError::forbidden(
                "This server hands no device over: ask its owner to release it, then claim it.",
            ))
        }
        Claim::Foreign => Err(ApiError::forbidden("That device belongs to someone else.")),
        claim => {
            if claim == Claim::Claimed {
                state.fleet.owner_changed(id);
            }
            Ok(Json(json!({
                "ok": true,
                "id": id.to_string(),
                "deviceID": id.to_string(),
                "user_id": caller.account.handle(),
                "connected": state.fleet.presence(id).online,
                "claimed": true,
            })))
        }
    }
}
