//! `/v1/devices`: the caller's devices, each as the one object that clients know.
//!
//! No address of a device is kept, so `last_ip_address` is always null (promise P6).

use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value, json};

use super::error::ApiError;
use super::route::{Needs, Route, delete, get, put};
use super::this::This;
use super::{ApiState, Fleet};
use crate::account::{Caller, Scope};
use crate::clock::iso8601;
use crate::device::{Presence, Transport, is_cellular, safe_mode};
use crate::store::device::DeviceRow;

const MEMBER_PING: &str = "/v1/products/{product}/devices/{device}/ping";

pub(super) fn routes<F: Fleet>() -> Vec<Route<F>> {
    const ONE: &str = "/v1/devices/{device}";
    vec![
        get("/v1/devices", Needs::Own(Scope::DevicesList), list::<F>)
            .says("Lists the caller's devices."),
        get(ONE, Needs::Device(Scope::DevicesGet), show::<F>).says("Shows a device."),
        delete(ONE, Needs::Device(Scope::DevicesRelease), release::<F>)
            .says("Ends the claim on a device.")
            .unseen_is_denied(),
        put("/v1/devices/{device}/ping", Needs::Device(Scope::DevicesPing), ping::<F>)
            .says("Asks a device whether it answers."),
        put(MEMBER_PING, Needs::Product(Scope::DevicesPing), ping::<F>)
            .says("Asks a product's device whether it answers."),
    ]
}

/// `GET /v1/devices`: newest handshake first.
async fn list<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
) -> Result<Json<Value>, ApiError> {
    let rows = state.store.devices().list(caller.account).await?;
    Ok(Json(rows.iter().map(|row| object(row, state.fleet.presence(row.id))).collect()))
}

/// `GET /v1/devices/{device}`.
async fn show<F: Fleet>(
    State(state): State<ApiState<F>>,
    This(row): This<DeviceRow>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(object(&row, state.fleet.presence(row.id))))
}

/// `DELETE /v1/devices/{device}`: ends the claim. The pin stays.
async fn release<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    This(row): This<DeviceRow>,
) -> Result<Json<Value>, ApiError> {
    let store = state.telling(&caller, "device.released", "device", row.id);
    if !store.devices().release(row.id, caller.account).await? {
        return Err(ApiError::forbidden("Permission Denied"));
    }
    state.fleet.owner_changed(row.id);
    Ok(Json(json!({ "ok": true })))
}

/// `PUT /v1/devices/{device}/ping`.
async fn ping<F: Fleet>(
    State(state): State<ApiState<F>>,
    This(row): This<DeviceRow>,
) -> Result<Json<Value>, ApiError> {
    let online = state.fleet.ping(row.id).await.is_ok();
    Ok(Json(json!({ "ok": true, "online": online })))
}

/// The device object.
pub(super) fn object(row: &DeviceRow, presence: Presence) -> Value {
    let handshake = last_handshake(row, presence);
    let missing = missing(row);
    json!({
        "id": row.id.to_string(),
        "name": row.name,
        "owner": row.owner.map(|owner| owner.handle()),
        "last_ip_address": null,
        "last_heard": presence.last_heard_ms.max(handshake).map(iso8601),
        "last_handshake_at": handshake.map(iso8601),
        "last_app": null,
        "product_id": row.product_id.or(row.platform_id),
        "platform_id": row.platform_id,
        "online": presence.online,
        "connected": presence.online,
        "cellular": row.platform_id.is_some_and(is_cellular),
        "notes": row.notes,
        "functions": functions(row).unwrap_or_default(),
        "variables": variables(row).unwrap_or_default(),
        "status": if missing.is_empty() { "normal" } else { "safe_mode" },
        "missing_dependencies": missing,
        "transport": presence.transport.map(Transport::name),
        "warnings": warnings(presence),
        "serial_number": null,
        "iccid": null,
        "imei": null,
        "firmware_version": row.firmware_version,
        "system_firmware_version": row.system_version.map(system_version),
        "firmware_updates_enabled": true,
        "firmware_updates_forced": false,
    })
}

/// What its application needs and the device has not: it is in safe mode without it.
fn missing(row: &DeviceRow) -> Vec<String> {
    let described = row.system.as_deref().and_then(|system| serde_json::from_str(system).ok());
    described.map(|described| safe_mode::missing(&described)).unwrap_or_default()
}

/// What its owner should know: a device that came in over TCP last has a session without integrity and
/// without forward secrecy.
fn warnings(presence: Presence) -> &'static [&'static str] {
    match presence.transport {
        Some(Transport::Tcp) => &["legacy_transport"],
        Some(Transport::Udp) | None => &[],
    }
}

/// When the device last proved its key, in milliseconds since 1970.
pub(super) fn last_handshake(row: &DeviceRow, presence: Presence) -> Option<i64> {
    presence.last_handshake_ms.max(row.last_handshake_ms)
}

/// The functions the device described; `None` if it never did.
pub(super) fn functions(row: &DeviceRow) -> Option<Vec<String>> {
    serde_json::from_str(row.functions.as_deref()?).ok()
}

/// The variables the device described, name to type; `None` if it never did.
pub(super) fn variables(row: &DeviceRow) -> Option<Map<String, Value>> {
    serde_json::from_str(row.variables.as_deref()?).ok()
}

/// 6200 is 6.2.0: thousands, hundreds, the rest. Pre-releases are not told apart.
fn system_version(number: u16) -> String {
    format!("{}.{}.{}", number / 1_000, number / 100 % 10, number % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_over_tcp_is_shown_with_a_warning_and_another_without() {
        let warned = |transport| warnings(Presence { transport, ..Presence::default() });
        assert_eq!(warned(Some(Transport::Tcp)), ["legacy_transport"]);
        assert!(warned(Some(Transport::Udp)).is_empty() && warned(None).is_empty());
    }
}
