//! `POST /v1/provisioning/{device}`: pins the first key of a device and claims it for the caller.
//!
//! Only a first pin: an id that is unknown, or a device that is nobody's or the caller's and has no other key.
//! Changing a pin needs more than a token (promise P1), so it is refused here.

use axum::Json;
use axum::extract::State;
use pintle_protocol::DeviceId;
use serde_json::{Value, json};

use super::address::Path;
use super::body::Fields;
use super::error::ApiError;
use super::{ApiState, Fleet};
use crate::account::Caller;
use crate::public_key_pem;
use crate::store::pin::{HistoryEntry, NewPin, PinChange, PinError, PinnedBy, What, note};

pub(super) async fn pin<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    Path(device): Path<String>,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let id: DeviceId = device
        .parse()
        .map_err(|_| ApiError::bad_request("A device id is 24 hexadecimal digits."))?;
    if fields.text(&["algorithm"]).is_some_and(|algorithm| !algorithm.eq_ignore_ascii_case("ecc")) {
        return Err(ApiError::bad_request(
            "This server takes ECC keys (P-256) only, for devices that connect over UDP.",
        ));
    }
    let pem = fields
        .text(&["publicKey"])
        .ok_or_else(|| ApiError::bad_request("The field publicKey is missing."))?;
    let key = public_key_pem::read(&pem).ok_or_else(|| {
        ApiError::bad_request(
            "The field publicKey must be a P-256 public key in PEM form (BEGIN PUBLIC KEY).",
        )
    })?;
    let at_ms = state.clock.now().wall_ms;
    let by = PinnedBy::Account(caller.account);
    let pin = NewPin { device: id, key, platform_id: None, owner: Some(caller.account), by, at_ms };
    match state.store.pins().set_first(&pin).await {
        Ok(change) => {
            // A key that is new must be known to the doors; an old one may have a live session, which stays.
            if change != PinChange::Same {
                state.fleet.key_changed(id);
            }
            state.fleet.owner_changed(id);
            Ok(Json(json!({ "ok": true, "id": id.to_string(), "deviceID": id.to_string() })))
        }
        Err(error) => {
            if matches!(error, PinError::KeyAlreadyPinned { .. }) {
                refused(&state, &pin);
            }
            Err(error.into())
        }
    }
}

fn refused<F: Fleet>(state: &ApiState<F>, pin: &NewPin) {
    let entry = HistoryEntry {
        at_ms: pin.at_ms,
        device: Some(pin.device),
        fingerprint: Some(pin.key.fingerprint()),
        what: What::RefusedKeyInUse.as_str().to_owned(),
        detail: "through the API".to_owned(),
    };
    // A full queue loses the note, not the refusal; the store logs it.
    drop(state.store.enqueue(note(&entry)));
}
