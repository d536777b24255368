//! `POST /v1/provisioning/{device}`: pins the first key of a device and claims it for the caller.
//!
//! P-256 keys of devices on UDP, and RSA keys of those on the TCP service. Only a first pin: an id that is unknown, or a
//! device that is nobody's or the caller's and has no other key. Changing a pin needs more than a token (promise P1), so
//! it is refused here.

use axum::Json;
use axum::extract::State;
use pintle_protocol::DeviceId;
use serde_json::{Value, json};

use super::address::Path;
use super::body::Fields;
use super::error::ApiError;
use super::route::{Kind, Needs, Route, post};
use super::{ApiState, Fleet};
use crate::account::{Caller, Scope};
use crate::device_key::{DeviceKey, KeyKind};
use crate::store::pin::{HistoryEntry, NewPin, PinChange, PinnedBy, What, note};

pub(super) fn routes<F: Fleet>() -> Vec<Route<F>> {
    vec![
        post("/v1/provisioning/{id}", Needs::Own(Scope::KeyCreate), pin::<F>)
            .says("Pins the first key of a device and claims it for the caller.")
            .asks("publicKey", Kind::Text)
            .takes("algorithm", Kind::Text)
            .takes("deviceID", Kind::Text)
            .takes("filename", Kind::Text)
            .takes("order", Kind::Text)
            .takes("product_id", Kind::Text),
    ]
}

async fn pin<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    Path(device): Path<String>,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let id: DeviceId = device
        .parse()
        .map_err(|_| ApiError::bad_request("A device id is 24 hexadecimal digits."))?;
    let pem = fields
        .text(&["publicKey"])
        .ok_or_else(|| ApiError::bad_request("The field publicKey is missing."))?;
    let key = read_key(&pem, fields.text(&["algorithm"]))?;
    let at_ms = state.clock.now().wall_ms;
    let by = PinnedBy::Account(caller.account);
    let pin = NewPin { device: id, key, platform_id: None, owner: Some(caller.account), by, at_ms };
    match state.pinning.set_first(&pin).await {
        Ok(change) => {
            // A key that is new must be known to the doors; an old one may have a live session, which stays.
            if change != PinChange::Same {
                state.fleet.key_changed(id);
            }
            state.fleet.owner_changed(id);
            Ok(Json(json!({ "ok": true, "id": id.to_string(), "deviceID": id.to_string() })))
        }
        Err(error) => {
            if let Some(what) = What::of_refusal(&error) {
                refused(&state, &pin, what);
            }
            Err(error.into())
        }
    }
}

/// The key in PEM form, and of the algorithm that the request says, where it says one.
pub(super) fn read_key(pem: &str, algorithm: Option<String>) -> Result<DeviceKey, ApiError> {
    let key = DeviceKey::read(pem.as_bytes()).map_err(|what| {
        let form =
            "The field publicKey must be a P-256 or RSA public key in PEM form (BEGIN PUBLIC KEY)";
        ApiError::bad_request(format!("{form}: {what}."))
    })?;
    let (expected, kind) = match key.kind() {
        KeyKind::P256 => ("ecc", "a P-256"),
        KeyKind::Rsa1024 => ("rsa", "an RSA"),
    };
    match algorithm {
        Some(said) if !said.eq_ignore_ascii_case(expected) => Err(ApiError::bad_request(format!(
            "The field algorithm must be `{expected}`: the field publicKey is {kind} key."
        ))),
        _ => Ok(key),
    }
}

pub(super) fn refused<F: Fleet>(state: &ApiState<F>, pin: &NewPin, what: What) {
    let entry = HistoryEntry {
        at_ms: pin.at_ms,
        device: Some(pin.device),
        fingerprint: Some(pin.key.fingerprint()),
        kind: pin.key.kind(),
        what: what.as_str().to_owned(),
        detail: "through the API".to_owned(),
    };
    // A full queue loses the note, not the refusal; the store logs it.
    drop(state.store.enqueue(note(&entry)));
}
