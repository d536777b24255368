//! `/v1/products/{product}/firmware`: upload, list, edit, delete, fetch, release.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::device;
use crate::account::{Caller, Scope};
use crate::api::address::Path;
use crate::api::body::Fields;
use crate::api::error::ApiError;
use crate::api::route::{Gives, Kind, Needs, Route, delete, get, post, put};
use crate::api::this::This;
use crate::api::upload::{Content, Form};
use crate::api::{ApiState, Fleet};
use crate::audit::Actor;
use crate::clock::iso8601;
use crate::event::{DEFAULT_TTL, Event, Source};
use crate::product::{Order, ProductId, Refusal, Releases, Upload};
use crate::store::firmware::{Edit, FirmwareRow};
use crate::store::product::ProductRow;

pub(in crate::api) fn routes<F: Fleet>() -> Vec<Route<F>> {
    const ALL: &str = "/v1/products/{product}/firmware";
    const ONE: &str = "/v1/products/{product}/firmware/{version}";
    const FILE: &str = "/v1/products/{product}/firmware/{version}/binary";
    vec![
        get(ALL, Needs::Product(Scope::FirmwareList), list::<F>)
            .says("Lists a product's firmware, the newest version first."),
        post(ALL, Needs::Product(Scope::FirmwareCreate), upload::<F>)
            .says("Takes a firmware in.")
            .asks("file", Kind::File)
            .takes("version", Kind::Integer)
            .takes("title", Kind::Text)
            .takes("description", Kind::Text)
            .takes("mandatory", Kind::Flag)
            .takes("statement", Kind::File)
            .gives(201, Gives::Json)
            .fails(&[409]),
        put("/v1/products/{product}/firmware/release", RELEASE, release::<F>)
            .says("Releases a firmware to all of a product, or to some groups.")
            .fresh()
            .asks("version", Kind::Integer)
            .takes("product_default", Kind::Flag)
            .takes("groups", Kind::Texts)
            .takes("intelligent", Kind::Flag)
            .takes("reason", Kind::Text)
            .fails(&[409]),
        get(ONE, Needs::Product(Scope::FirmwareGet), show::<F>)
            .says("Shows a firmware, and why it could not be released."),
        put(ONE, Needs::Product(Scope::FirmwareUpdate), edit::<F>)
            .says("Changes what is said of a firmware, or adds what more have signed.")
            .takes("title", Kind::Text)
            .takes("description", Kind::Text)
            .takes("mandatory", Kind::Flag)
            .takes("statement", Kind::File)
            .fails(&[409]),
        delete(ONE, Needs::Product(Scope::FirmwareRemove), remove::<F>)
            .says("Deletes a firmware that was never released.")
            .gives(204, Gives::Nothing)
            .fails(&[409]),
        get(FILE, Needs::Product(Scope::BinaryGet), binary::<F>)
            .says("Gives a firmware's file.")
            .gives(200, Gives::Bytes),
    ]
}

const RELEASE: Needs = Needs::Product(Scope::FirmwareRelease);

/// `GET /v1/products/{product}/firmware`: a bare list, the newest version first.
async fn list<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    This(product): This<ProductRow>,
) -> Result<Json<Value>, ApiError> {
    let shown = Shown::of(&state, &caller, product.id).await?;
    let all = state.store.firmware().list(product.id).await?;
    Ok(Json(all.iter().map(|row| shown.object(row)).collect()))
}

/// `POST /v1/products/{product}/firmware`: takes a firmware in.
async fn upload<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    This(product): This<ProductRow>,
    form: Form,
) -> Result<Response, ApiError> {
    let product = product.id;
    let row = state.shelf_of(&caller).upload(product, read_upload(&form, &caller)?).await?;
    tell(&state, &caller, "particle/firmware/create", &json!({ "version": row.version }));
    let object = Shown::of(&state, &caller, product).await?.object(&row);
    Ok((StatusCode::CREATED, Json(object)).into_response())
}

/// `GET /v1/products/{product}/firmware/{version}`; with it, whether it could be released, and why not.
async fn show<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    This(product): This<ProductRow>,
    Path((_, version)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let row = find(&state, product.id, &version).await?;
    let mut object = Shown::of(&state, &caller, row.product).await?.object(&row);
    let missing = state.shelf.missing(&row).await?;
    if let Some(fields) = object.as_object_mut() {
        fields.insert("missing_for_release".into(), missing.map(|why| why.to_string()).into());
    }
    Ok(Json(object))
}

/// `PUT /v1/products/{product}/firmware/{version}`: another title, description or mark, or a release that more have
/// signed, as a file or as base64 (`statement`).
async fn edit<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    This(product): This<ProductRow>,
    Path((_, version)): Path<(String, String)>,
    content: Content,
) -> Result<Json<Value>, ApiError> {
    let row = find(&state, product.id, &version).await?;
    if let Some(statement) = content.bytes("statement")? {
        state.shelf_of(&caller).restate(row.product, row.version, &statement).await?;
    }
    let edit = Edit {
        title: content.text("title"),
        description: content.text("description"),
        mandatory: content.flag("mandatory"),
    };
    state.shelf.edit(row.product, row.version, edit).await?;
    let row = find(&state, product.id, &version).await?;
    Ok(Json(Shown::of(&state, &caller, row.product).await?.object(&row)))
}

/// `DELETE /v1/products/{product}/firmware/{version}`: only what was never released.
async fn remove<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    This(product): This<ProductRow>,
    Path((_, version)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let row = find(&state, product.id, &version).await?;
    state.shelf_of(&caller).remove(row.product, row.version).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /v1/products/{product}/firmware/{version}/binary`.
async fn binary<F: Fleet>(
    State(state): State<ApiState<F>>,
    This(product): This<ProductRow>,
    Path((_, version)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let row = find(&state, product.id, &version).await?;
    let file = state.shelf.download(row.product, row.version).await?;
    let kind = HeaderValue::from_static("application/octet-stream");
    Ok(([(header::CONTENT_TYPE, kind)], file.to_vec()).into_response())
}

/// `PUT /v1/products/{product}/firmware/release`.
async fn release<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    This(product): This<ProductRow>,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let product = product.id;
    let order = read_order(&fields)?;
    let at_once = order.at_once;
    let shelf = state.shelf.by(Actor::of(&caller).because(fields.text(&["reason"])));
    let (row, _) = shelf.release_firmware(product, order).await?;
    let said = json!({ "version": row.version, "immediate": at_once });
    tell(&state, &caller, "particle/firmware/release", &said);
    if at_once {
        state.delivery.product(product);
    }
    Ok(Json(Shown::of(&state, &caller, product).await?.object(&row)))
}

async fn find<F: Fleet>(
    state: &ApiState<F>,
    product: ProductId,
    version: &str,
) -> Result<FirmwareRow, ApiError> {
    let version = version.parse().map_err(|_| ApiError::not_found("There is no such firmware."))?;
    let row = state.store.firmware().find(product, version).await?;
    row.ok_or_else(|| Refusal::NoFirmware { product, version }.into())
}

fn read_upload(form: &Form, caller: &Caller) -> Result<Upload, ApiError> {
    let file = form.file(&["file", "binary"]);
    let file = file.ok_or_else(|| ApiError::bad_request("The file of the firmware is missing."))?;
    let version = form.text("version").map(|text| text.trim().parse()).transpose();
    let version = version.map_err(|_| {
        ApiError::bad_request("The version of a firmware is a number from 0 to 65535.")
    })?;
    Ok(Upload {
        version,
        title: form.text("title").unwrap_or_default().to_owned(),
        description: form.text("description").unwrap_or_default().to_owned(),
        mandatory: form.flag("mandatory").unwrap_or(false),
        file_name: file.file_name.clone(),
        file: file.bytes.as_ref().into(),
        statement: form.bytes("statement")?,
        by: caller.account,
    })
}

fn read_order(fields: &Fields) -> Result<Order, ApiError> {
    let version = fields.number(&["version"])?;
    let version = version.ok_or_else(|| ApiError::bad_request("The field version is missing."))?;
    let groups = fields.get(&["groups"]).map(device::names).transpose()?;
    let product_default = fields.flag(&["product_default"]);
    // A release to nobody in particular is one to all.
    let nobody = product_default.is_none() && groups.is_none();
    Ok(Order {
        version,
        product_default: if nobody { Some(true) } else { product_default },
        groups,
        at_once: fields.flag(&["intelligent"]).unwrap_or(false),
    })
}

fn tell<F: Fleet>(state: &ApiState<F>, caller: &Caller, name: &str, data: &Value) {
    state.bus.publish(Event {
        name: name.to_owned(),
        data: data.to_string().into_bytes(),
        content_format: 0,
        ttl: DEFAULT_TTL,
        published_at_ms: state.clock.now().wall_ms,
        source: Source::Api,
        owner: Some(caller.account),
    });
}

/// What all firmware objects of a product are made with.
struct Shown<'a> {
    caller: &'a Caller,
    releases: Releases,
    devices: BTreeMap<u16, u64>,
}

impl<'a> Shown<'a> {
    async fn of<F: Fleet>(
        state: &ApiState<F>,
        caller: &'a Caller,
        product: ProductId,
    ) -> Result<Self, ApiError> {
        // A locked product shows its firmware still, and nothing of it as released.
        let releases = state.shelf.releases(product).await.unwrap_or_default();
        let devices = state.store.product_devices().versions(product).await?;
        Ok(Self { caller, releases, devices })
    }

    fn object(&self, row: &FirmwareRow) -> Value {
        let by = row.uploaded_by;
        let own = by == self.caller.account;
        let name = if own { self.caller.name.to_string() } else { by.handle() };
        let default = self.releases.is_default(row.version);
        json!({
            "_id": format!("{}-{}", row.product, row.version),
            "version": row.version,
            "title": row.title,
            "description": row.description,
            "name": row.file_name,
            "size": row.size,
            "sha256": row.sha256.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
            "product_id": row.product.0,
            "product_default": default,
            "current": default,
            "groups": self.releases.groups_of(row.version),
            "mandatory": row.mandatory,
            "intelligent": self.releases.at_once.contains(&row.version),
            "signed": row.statement.is_some(),
            "device_count": self.devices.get(&row.version).copied().unwrap_or(0),
            "uploaded_on": iso8601(row.uploaded_at_ms),
            "uploaded_at": iso8601(row.uploaded_at_ms),
            "updated_at": iso8601(row.updated_at_ms),
            "uploaded_by": { "_id": by.handle(), "username": name },
        })
    }
}
