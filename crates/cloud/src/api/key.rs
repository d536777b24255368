//! `/v1/keys/{device}`: which key is pinned for a device, and another one in its place.
//!
//! A change of a pin decides over who the device is, so its owner proves a second factor for it (promise P1). It ends the
//! session under the old key.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::access::Reason;
use super::body::Fields;
use super::error::ApiError;
use super::provisioning::{read_key, refused};
use super::route::{Kind, Needs, Route, get, put};
use super::this::This;
use super::{ApiState, Fleet};
use crate::account::{Caller, Scope};
use crate::store::device::DeviceRow;
use crate::store::pin::{NewPin, PinChange, PinnedBy, What};

pub(super) fn routes<F: Fleet>() -> Vec<Route<F>> {
    const ONE: &str = "/v1/keys/{device}";
    vec![
        get(ONE, Needs::Device(Scope::DevicesGet), show::<F>)
            .says("Shows which key is pinned for a device."),
        put(ONE, Needs::Device(Scope::KeyUpdate), replace::<F>)
            .says("Pins another key to a device, and ends its session.")
            .fresh()
            .asks("publicKey", Kind::Text)
            .takes("algorithm", Kind::Text),
    ]
}

async fn show<F: Fleet>(
    State(state): State<ApiState<F>>,
    This(row): This<DeviceRow>,
) -> Result<Json<Value>, ApiError> {
    let fingerprint = state.store.pins().key_of(row.id).await?;
    let fingerprint = fingerprint.map(|fingerprint| fingerprint.to_string());
    Ok(Json(json!({ "id": row.id.to_string(), "fingerprint": fingerprint })))
}

async fn replace<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    This(row): This<DeviceRow>,
    Reason(why): Reason,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let missing = || ApiError::bad_request("The field publicKey is missing.");
    let pem = fields.text(&["publicKey"]).ok_or_else(missing)?;
    let pin = NewPin {
        device: row.id,
        key: read_key(&pem, fields.text(&["algorithm"]))?,
        platform_id: None,
        owner: Some(caller.account),
        by: PinnedBy::Account(caller.account),
        at_ms: state.clock.now().wall_ms,
    };
    let set = state.pinning.replace(&pin, caller.mark(), why.as_deref()).await;
    let change = set.inspect_err(|error| {
        if let Some(what) = What::of_refusal(error) {
            refused(&state, &pin, what);
        }
    })?;
    if change != PinChange::Same {
        state.fleet.key_changed(row.id);
    }
    let fingerprint = pin.key.fingerprint().to_string();
    let replaced = change != PinChange::Same;
    let id = row.id.to_string();
    Ok(Json(json!({ "ok": true, "id": id, "fingerprint": fingerprint, "replaced": replaced })))
}
