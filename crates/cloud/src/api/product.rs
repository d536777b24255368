//! `/v1/products`: the caller's products, their keyrings, and the list of organizations, of which there are none.
//!
//! A product belongs to the account that made it. To everyone else it is refused, whether it exists or not.

use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::address::Path;
use super::body::Fields;
use super::error::ApiError;
use super::upload::Content;
use super::{ApiState, Fleet};
use crate::account::Caller;
use crate::product::{NewProduct, ProductId, Settings};
use crate::store::product::ProductRow;

pub(super) mod device;
pub(super) mod firmware;
mod import;
mod page;

pub(super) use import::{approve_or_import, set_groups};

/// `GET /v1/products`, `GET /v1/user/products`.
pub(super) async fn list<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
) -> Result<Json<Value>, ApiError> {
    let mut products = Vec::new();
    for row in state.store.products().list(caller.account).await? {
        products.push(object(&state, &caller, &row).await?);
    }
    Ok(Json(json!({ "products": products })))
}

/// `POST /v1/products`, `POST /v1/user/products`: makes a product, from fields of its own or under `product`.
pub(super) async fn create<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let fields = fields.under("product");
    let missing = |name: &str| ApiError::bad_request(format!("The field {name} is missing."));
    let new = NewProduct {
        id: fields.number(&["id"])?,
        name: fields.text(&["name"]).ok_or_else(|| missing("name"))?,
        slug: fields.text(&["slug"]),
        description: fields.text(&["description"]).unwrap_or_default(),
        platform_id: fields.number(&["platform_id"])?.ok_or_else(|| missing("platform_id"))?,
        owner: caller.account,
        quarantine: quarantine(&fields).unwrap_or(true),
    };
    let row = state.shelf.create(new).await?;
    Ok(Json(json!({ "ok": true, "product": object(&state, &caller, &row).await? })))
}

/// `GET /v1/products/{product}`.
pub(super) async fn show<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    Path(product): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let row = own_product(&state, &caller, &product).await?;
    Ok(Json(json!({ "product": object(&state, &caller, &row).await? })))
}

/// `PUT /v1/products/{product}`: another name or description, or another setting of the quarantine switch.
pub(super) async fn edit<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    Path(product): Path<String>,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let row = own_product(&state, &caller, &product).await?;
    let fields = fields.under("product");
    let settings = Settings {
        name: fields.text(&["name"]),
        description: fields.text(&["description"]),
        quarantine: quarantine(&fields),
    };
    let row = state.shelf.set(row.id, settings).await?;
    Ok(Json(json!({ "ok": true, "product": object(&state, &caller, &row).await? })))
}

/// `GET /v1/products/{product}/keyring`: the keyring in force, or null.
pub(super) async fn keyring<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    Path(product): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let row = own_product(&state, &caller, &product).await?;
    let ring = state.shelf.keyring(row.id).await?.map(|ring| {
        let [root, release, review] = ring.thresholds;
        let key = |key: &crate::product::KeyInForce| {
            json!({ "role": key.role, "id": key.id, "algorithm": key.algorithm })
        };
        json!({
            "number": ring.number,
            "expires_at": crate::clock::iso8601(i64::try_from(ring.expiry).unwrap_or(i64::MAX).saturating_mul(1_000)),
            "thresholds": { "root": root, "release": release, "review": review },
            "keys": ring.keys.iter().map(key).collect::<Vec<_>>(),
            "envelope": STANDARD.encode(&ring.envelope),
        })
    });
    Ok(Json(json!({ "product_id": row.id.0, "keyring": ring })))
}

/// `PUT /v1/products/{product}/keyring`: puts a keyring in force, as the file `keyring` or as base64 in a field of that
/// name. There is no way back to none.
pub(super) async fn set_keyring<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    Path(product): Path<String>,
    content: Content,
) -> Result<Json<Value>, ApiError> {
    let row = own_product(&state, &caller, &product).await?;
    let envelope = content.bytes("keyring")?;
    let envelope =
        envelope.ok_or_else(|| ApiError::bad_request("The field keyring is missing."))?;
    let number = state.shelf.set_keyring(row.id, &envelope).await?;
    Ok(Json(json!({ "ok": true, "product_id": row.id.0, "number": number })))
}

/// `GET /v1/orgs`.
pub(super) async fn organizations(_: Caller) -> Json<Value> {
    Json(json!({ "organizations": [] }))
}

/// Anything under `/v1/orgs/{organization}`.
pub(super) async fn denied(_: Caller) -> ApiError {
    ApiError::forbidden("Permission denied")
}

/// The caller's product of this number or slug.
pub(super) async fn own_product<F: Fleet>(
    state: &ApiState<F>,
    caller: &Caller,
    product: &str,
) -> Result<ProductRow, ApiError> {
    let products = state.store.products();
    let row = match product.parse() {
        Ok(number) => products.find(ProductId(number)).await?,
        Err(_) => products.find_by_slug(product).await?,
    };
    let own = row.filter(|row| row.owner == caller.account);
    own.ok_or_else(|| ApiError::forbidden("Permission denied"))
}

async fn object<F: Fleet>(
    state: &ApiState<F>,
    caller: &Caller,
    row: &ProductRow,
) -> Result<Value, ApiError> {
    let groups = state.store.product_devices().groups(row.id).await?;
    let (signed, locked) = match state.shelf.asks_for_signatures(row.id).await {
        Ok(signed) => (signed, None),
        Err(refusal) => (true, Some(refusal.to_string())),
    };
    Ok(json!({
        "id": row.id.0,
        "platform_id": row.platform_id,
        "name": row.name,
        "slug": row.slug,
        "description": row.description,
        "subscription_id": null,
        "user": caller.name.as_str(),
        "groups": groups,
        "settings": {
            "location": {},
            "known_application": { "opt_in": false },
            "quarantine": row.quarantine,
        },
        "signed_releases": signed,
        "locked": locked,
    }))
}

fn quarantine(fields: &Fields) -> Option<bool> {
    let nested =
        fields.get(&["settings"]).and_then(|settings| settings.get("quarantine")?.as_bool());
    nested.or_else(|| fields.flag(&["quarantine"]))
}
