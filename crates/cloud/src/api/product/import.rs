//! `POST` and `PUT` on `/v1/products/{product}/devices`: devices put into a product, one or a list of them, and groups
//! of many at once.

use axum::Json;
use axum::extract::State;
use pintle_protocol::DeviceId;
use serde_json::{Value, json};

use super::device;
use crate::account::{Caller, Scope};
use crate::api::body::Fields;
use crate::api::error::ApiError;
use crate::api::locate::member;
use crate::api::route::{Kind, Needs, Route, post, put};
use crate::api::this::This;
use crate::api::upload::Content;
use crate::api::{ApiState, Fleet};
use crate::product::check_groups;
use crate::store::product::ProductRow;
use crate::store::product_device::{Candidate, Change};

/// The most devices in one request.
const MOST: usize = 10_000;

/// What became of each device.
#[derive(Default)]
struct Import {
    updated: Vec<DeviceId>,
    existing: Vec<DeviceId>,
    foreign: Vec<DeviceId>,
    invalid: Vec<String>,
}

pub(in crate::api) fn routes<F: Fleet>() -> Vec<Route<F>> {
    const PATH: &str = "/v1/products/{product}/devices";
    vec![
        post(PATH, Needs::Product(Scope::DevicesImport), approve_or_import::<F>)
            .says("Puts devices into a product, or lets them in that wait in quarantine.")
            .takes("id", Kind::Text)
            .takes("ids", Kind::Texts)
            .takes("file", Kind::File),
        put(PATH, Needs::Product(Scope::DevicesUpdate), set_groups::<F>)
            .says("Puts devices into groups, or out of them.")
            .asks("action", Kind::Text)
            .asks("devices", Kind::Texts)
            .takes("metadata", Kind::Object),
    ]
}

/// `POST /v1/products/{product}/devices`: `id`, `ids`, or a file with one id a line. What cannot be taken is listed, and
/// the rest is taken. A device that waits in quarantine is approved by the same.
async fn approve_or_import<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    This(row): This<ProductRow>,
    content: Content,
) -> Result<Json<Value>, ApiError> {
    let mut import = Import::default();
    for name in names(&content)? {
        let Ok(id) = name.parse::<DeviceId>() else {
            import.invalid.push(name);
            continue;
        };
        match state.store.product_devices().candidate(id, row.id, row.owner).await? {
            Candidate::Free if import.updated.contains(&id) => {}
            Candidate::Free => import.updated.push(id),
            Candidate::Here => import.existing.push(id),
            Candidate::Elsewhere => import.foreign.push(id),
            Candidate::Unknown => import.invalid.push(id.to_string()),
        }
    }
    let at_ms = state.clock.now().wall_ms;
    let count = u32::try_from(import.updated.len()).unwrap_or(u32::MAX);
    let act = state.act(&caller, "product.devices-added").on("product", row.id).repeated(count);
    state.store.telling(act).product_devices().add(row.id, &import.updated, at_ms).await?;
    state.places_changed().await?;
    Ok(Json(import.answer()))
}

/// `PUT /v1/products/{product}/devices`: puts devices into groups, or out of them (`action: groups`).
async fn set_groups<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    This(row): This<ProductRow>,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    if fields.text(&["action"]).as_deref() != Some("groups") {
        return Err(ApiError::bad_request("The field action must be \"groups\"."));
    }
    let list =
        |name: &str| fields.get(&["metadata"]).and_then(|lists| lists.get(name)).map(device::names);
    let added = list("add").transpose()?.unwrap_or_default();
    let removed = list("remove").transpose()?.unwrap_or_default();
    let ids = list_of(fields.get(&["devices"]))?;
    let at_ms = state.clock.now().wall_ms;
    for id in ids {
        let found = member(&state.store, &row, &id).await?;
        let known = state.store.product_devices().membership(found.id).await?;
        let mut groups = known.map(|known| known.groups).unwrap_or_default();
        groups.extend(added.iter().cloned());
        groups.retain(|name| !removed.contains(name));
        check_groups(Some(&groups))?;
        let change = Change { groups: Some(groups), ..Change::default() };
        let store = state.telling(&caller, "product.device-changed", "device", found.id);
        store.product_devices().change(row.id, found.id, change, at_ms).await?;
    }
    Ok(Json(json!({ "ok": true })))
}

fn names(content: &Content) -> Result<Vec<String>, ApiError> {
    let missing = || ApiError::bad_request("Send id, ids, or a file with one device id a line.");
    let names = match content {
        Content::Fields(fields) => match fields.get(&["ids"]) {
            Some(list) => list_of(Some(list))?,
            None => vec![fields.text(&["id"]).ok_or_else(missing)?],
        },
        Content::Form(form) => match form.file(&["file"]) {
            Some(file) => {
                let text = std::str::from_utf8(&file.bytes);
                let text = text.map_err(|_| ApiError::bad_request("The file is not text."))?;
                let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
                lines.map(str::to_owned).collect()
            }
            None => vec![form.text("id").ok_or_else(missing)?.to_owned()],
        },
    };
    if names.len() > MOST {
        return Err(ApiError::bad_request(format!("At most {MOST} devices in one request.")));
    }
    Ok(names)
}

fn list_of(value: Option<&Value>) -> Result<Vec<String>, ApiError> {
    let list = value.and_then(Value::as_array);
    let texts =
        list.and_then(|list| list.iter().map(|one| one.as_str().map(str::to_owned)).collect());
    texts.ok_or_else(|| ApiError::bad_request("The devices must be a list of device ids."))
}

impl Import {
    fn answer(&self) -> Value {
        let texts = |ids: &[DeviceId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
        json!({
            "ok": true,
            "updated": self.updated.len(),
            "updatedDeviceIds": texts(&self.updated),
            "existingDeviceIds": texts(&self.existing),
            "nonmemberDeviceIds": texts(&self.foreign),
            "invalidDeviceIds": self.invalid,
            "protectedDeviceIds": [],
        })
    }
}
