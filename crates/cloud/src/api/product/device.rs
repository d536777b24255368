//! `/v1/products/{product}/devices`: which devices a product has, and what it wants of each.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use pintle_protocol::DeviceId;
use serde_json::{Value, json};

use super::own_product;
use super::page::Wanted;
use crate::account::Caller;
use crate::api::address::{Path, Query};
use crate::api::body::Fields;
use crate::api::error::ApiError;
use crate::api::{ApiState, Fleet, device};
use crate::clock::iso8601;
use crate::product::{ProductId, check_groups};
use crate::store::device::DeviceRow;
use crate::store::product_device::{Change, Member};

/// `GET /v1/products/{product}/devices`.
pub(in crate::api) async fn list<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    Path(product): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Value>, ApiError> {
    let row = own_product(&state, &caller, &product).await?;
    let devices = state.store.product_devices();
    let members = if wanted.is_for_quarantined() {
        devices.claimants(row.id, row.owner).await?
    } else {
        devices.list(row.id).await?
    };
    let page = wanted.page_of(members);
    let shown: Vec<_> = page.members.iter().map(|one| object(&state, row.id, one)).collect();
    Ok(Json(json!({
        "devices": shown,
        "customers": [],
        "meta": { "total_pages": page.pages, "total_records": page.total },
    })))
}

/// `GET /v1/products/{product}/devices/{device}`.
pub(in crate::api) async fn show<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    Path((product, device)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let row = own_product(&state, &caller, &product).await?;
    let found = find(&state, &row, &device).await?;
    let membership = state.store.product_devices().membership(found.id).await?;
    Ok(Json(object(&state, row.id, &Member { device: found, membership })))
}

/// `PUT /v1/products/{product}/devices/{device}`: locks it to a version or lets it go, marks it for development, sets
/// its groups.
pub(in crate::api) async fn change<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    Path((product, device)): Path<(String, String)>,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let row = own_product(&state, &caller, &product).await?;
    let found = find(&state, &row, &device).await?;
    let change = read_change(&fields)?;
    if change == Change::default() {
        return Err(ApiError::bad_request(
            "Nothing to change: send desired_firmware_version, development or groups.",
        ));
    }
    check_groups(change.groups.as_ref())?;
    if let Some(Some(version)) = change.desired_version {
        // A lock to what may not be sent would leave the device without updates.
        state.shelf.image(row.id, version).await?;
    }
    let at_ms = state.clock.now().wall_ms;
    if !state.store.product_devices().change(row.id, found.id, change, at_ms).await? {
        return Err(no_such_device());
    }
    if fields.flag(&["flash"]) == Some(true) {
        state.delivery.device(found.id);
    }
    let membership = state.store.product_devices().membership(found.id).await?;
    let known = membership.ok_or_else(no_such_device)?;
    Ok(Json(json!({
        "ok": true,
        "id": found.id.to_string(),
        "desired_firmware_version": known.desired_version,
        "development": known.development,
        "groups": known.groups,
        "updated_at": iso8601(known.updated_at_ms),
    })))
}

/// `DELETE /v1/products/{product}/devices/{device}`: takes it out of the product. Its owner and its pin stay.
pub(in crate::api) async fn remove<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    Path((product, device)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let row = own_product(&state, &caller, &product).await?;
    let found = find(&state, &row, &device).await?;
    if state.store.product_devices().remove(row.id, found.id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(no_such_device())
    }
}

/// The device of a product with this id, or this name among its owner's.
pub(in crate::api) async fn find<F: Fleet>(
    state: &ApiState<F>,
    product: &crate::store::product::ProductRow,
    device: &str,
) -> Result<DeviceRow, ApiError> {
    let devices = state.store.devices();
    let row = match device.parse::<DeviceId>() {
        Ok(id) => devices.find(id).await?,
        Err(_) => devices.find_by_name(product.owner, device).await?,
    };
    let row = row.ok_or_else(no_such_device)?;
    let membership = state.store.product_devices().membership(row.id).await?;
    match membership {
        Some(known) if known.product == product.id => Ok(row),
        _ => Err(no_such_device()),
    }
}

fn no_such_device() -> ApiError {
    ApiError::not_found("Device not found for this product")
}

fn read_change(fields: &Fields) -> Result<Change, ApiError> {
    let version = fields.has("desired_firmware_version");
    let groups = fields.get(&["groups"]).map(names).transpose()?;
    Ok(Change {
        desired_version: match version {
            true => Some(fields.number(&["desired_firmware_version"])?),
            false => None,
        },
        development: fields.flag(&["development"]),
        groups,
    })
}

/// Names of groups: a list of texts, or one text with commas.
pub(super) fn names(value: &Value) -> Result<BTreeSet<String>, ApiError> {
    let bad = || ApiError::bad_request("The groups must be a list of names.");
    match value {
        Value::Array(list) => {
            list.iter().map(|name| name.as_str().map(str::to_owned).ok_or_else(bad)).collect()
        }
        Value::String(text) => {
            let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
            Ok(names.map(str::to_owned).collect())
        }
        _ => Err(bad()),
    }
}

/// The device object, as its product sees it.
fn object<F: Fleet>(state: &ApiState<F>, product: ProductId, member: &Member) -> Value {
    let mut object = device::object(&member.device, state.fleet.presence(member.device.id));
    let Some(fields) = object.as_object_mut() else { return object };
    let known = member.membership.as_ref();
    fields.insert("product_id".into(), product.0.into());
    fields.insert("firmware_product_id".into(), member.device.product_id.into());
    fields.insert("quarantined".into(), known.is_none().into());
    fields.insert("denied".into(), false.into());
    fields.insert("development".into(), known.is_some_and(|known| known.development).into());
    fields.insert(
        "groups".into(),
        json!(known.map(|known| &known.groups).into_iter().flatten().collect::<Vec<_>>()),
    );
    let desired = known.and_then(|known| known.desired_version);
    fields.insert("desired_firmware_version".into(), desired.into());
    object
}
