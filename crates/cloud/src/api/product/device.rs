//! `/v1/products/{product}/devices`: which devices a product has, and what it wants of each.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{FromRequest, Request, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::page::Wanted;
use crate::account::{Caller, Scope};
use crate::api::address::Query;
use crate::api::body::Fields;
use crate::api::error::ApiError;
use crate::api::locate::not_of_product;
use crate::api::route::{Gives, Kind, Needs, Route, delete, get, put};
use crate::api::this::This;
use crate::api::{ApiState, Fleet, device, flash, upload};
use crate::clock::iso8601;
use crate::product::{ProductId, check_groups};
use crate::store::device::DeviceRow;
use crate::store::product::ProductRow;
use crate::store::product_device::{Change, Member};

pub(in crate::api) fn routes<F: Fleet>() -> Vec<Route<F>> {
    const ONE: &str = "/v1/products/{product}/devices/{device}";
    vec![
        get("/v1/products/{product}/devices", Needs::Product(Scope::DevicesList), list::<F>)
            .says("Lists a product's devices, a page at a time.")
            .query("deviceId", Kind::Text)
            .query("deviceName", Kind::Text)
            .query("groups", Kind::Text)
            .query("sortAttr", Kind::Text)
            .query("sortDir", Kind::Text)
            .query("quarantined", Kind::Flag)
            .query("page", Kind::Integer)
            .query("perPage", Kind::Integer)
            .query("per_page", Kind::Integer)
            .fails(&[400]),
        get(ONE, Needs::Product(Scope::DevicesGet), show::<F>).says("Shows a device of a product."),
        put(ONE, Needs::Product(Scope::DevicesUpdate), change::<F>)
            .says("Locks a device to a version or lets it go, marks it, groups it, or flashes a file.")
            .takes("desired_firmware_version", Kind::Integer)
            .takes("development", Kind::Flag)
            .takes("groups", Kind::Texts)
            .takes("flash", Kind::Flag)
            .takes("file", Kind::File)
            .fails(&[409]),
        delete(ONE, Needs::Product(Scope::DevicesRemove), remove::<F>)
            .says("Takes a device out of a product.")
            .gives(204, Gives::Nothing),
    ]
}

/// `GET /v1/products/{product}/devices`.
async fn list<F: Fleet>(
    State(state): State<ApiState<F>>,
    This(row): This<ProductRow>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Value>, ApiError> {
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
async fn show<F: Fleet>(
    State(state): State<ApiState<F>>,
    This(row): This<ProductRow>,
    This(found): This<DeviceRow>,
) -> Result<Json<Value>, ApiError> {
    let membership = state.store.product_devices().membership(found.id).await?;
    Ok(Json(object(&state, row.id, &Member { device: found, membership })))
}

/// `PUT /v1/products/{product}/devices/{device}`: locks it to a version or lets it go, marks it for development, sets
/// its groups, or flashes a file to it.
async fn change<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    This(row): This<ProductRow>,
    This(found): This<DeviceRow>,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    if upload::is_form_with_files(&request) {
        let uploaded = upload::read(&state, request).await?;
        return flash::flash(&state, &caller, &found, uploaded).await;
    }
    let fields = Fields::from_request(request, &()).await?;
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
    let store = state.telling(&caller, "product.device-changed", "device", found.id);
    if !store.product_devices().change(row.id, found.id, change, at_ms).await? {
        return Err(not_of_product());
    }
    if fields.flag(&["flash"]) == Some(true) {
        state.delivery.device(found.id);
    }
    let membership = state.store.product_devices().membership(found.id).await?;
    let known = membership.ok_or_else(not_of_product)?;
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
async fn remove<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    This(row): This<ProductRow>,
    This(found): This<DeviceRow>,
) -> Result<StatusCode, ApiError> {
    let store = state.telling(&caller, "product.device-removed", "device", found.id);
    if store.product_devices().remove(row.id, found.id).await? {
        state.places_changed().await?;
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(not_of_product())
    }
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
