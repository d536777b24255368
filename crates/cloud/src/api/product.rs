//! `/v1/products`: the caller's products and their keyrings.
//!
//! A product belongs to the account that made it, or to an organisation. Who has no role in it is told that it is not
//! there, whether it is or not.

use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::body::Fields;
use super::error::ApiError;
use super::route::{Kind, Needs, Route, get, post, put};
use super::this::This;
use super::upload::Content;
use super::{ApiState, Fleet};
use crate::account::{Caller, OrganizationId, Scope};
use crate::product::{NewProduct, Settings};
use crate::store::product::ProductRow;

pub(super) mod device;
pub(super) mod firmware;
pub(super) mod import;
mod page;

pub(super) fn routes<F: Fleet>() -> Vec<Route<F>> {
    let mut routes: Vec<_> = ["/v1/products", "/v1/user/products"]
        .into_iter()
        .flat_map(|path| [list_at(path), create_at(path)])
        .collect();
    const ONE: &str = "/v1/products/{product}";
    const KEYRING: &str = "/v1/products/{product}/keyring";
    routes.extend([
        get(ONE, Needs::Product(Scope::ProductsGet), show::<F>).says("Shows a product."),
        put(ONE, Needs::Product(Scope::ProductsUpdate), edit::<F>)
            .says("Changes a product's name, description or quarantine switch.")
            .takes("name", Kind::Text)
            .takes("description", Kind::Text)
            .takes("quarantine", Kind::Flag)
            .takes("settings", Kind::Object)
            .takes("product", Kind::Object),
        get(KEYRING, Needs::Product(Scope::KeyringGet), keyring::<F>)
            .says("Shows the keyring in force."),
        put(KEYRING, Needs::Product(Scope::KeyringUpdate), set_keyring::<F>)
            .says("Puts a keyring in force.")
            .fresh()
            .asks("keyring", Kind::File)
            .fails(&[409]),
    ]);
    routes
}

fn list_at<F: Fleet>(path: &'static str) -> Route<F> {
    get(path, Needs::Own(Scope::ProductsList), list::<F>).says("Lists the caller's products.")
}

fn create_at<F: Fleet>(path: &'static str) -> Route<F> {
    words_of_new(post(path, Needs::Own(Scope::ProductsCreate), create::<F>))
}

/// What is said of a route that makes a product.
pub(super) fn words_of_new<F>(route: Route<F>) -> Route<F> {
    route
        .says("Makes a product.")
        .asks("name", Kind::Text)
        .asks("platform_id", Kind::Integer)
        .takes("id", Kind::Integer)
        .takes("slug", Kind::Text)
        .takes("description", Kind::Text)
        .takes("quarantine", Kind::Flag)
        .takes("settings", Kind::Object)
        .takes("product", Kind::Object)
}

/// `GET /v1/products`, `GET /v1/user/products`.
async fn list<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
) -> Result<Json<Value>, ApiError> {
    let rows = state.store.products().list(caller.account).await?;
    objects(&state, &caller, &rows).await
}

/// A list of products, as clients expect it.
pub(super) async fn objects<F: Fleet>(
    state: &ApiState<F>,
    caller: &Caller,
    rows: &[ProductRow],
) -> Result<Json<Value>, ApiError> {
    let mut products = Vec::new();
    for row in rows {
        products.push(object(state, caller, row).await?);
    }
    Ok(Json(json!({ "products": products })))
}

/// `POST /v1/products`, `POST /v1/user/products`.
async fn create<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    make(&state, &caller, None, fields).await
}

/// Makes a product, the caller's own or an organisation's, from fields of its own or under `product`.
pub(super) async fn make<F: Fleet>(
    state: &ApiState<F>,
    caller: &Caller,
    organization: Option<OrganizationId>,
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
        organization,
        quarantine: quarantine(&fields).unwrap_or(true),
    };
    let row = state.shelf_of(caller).create(new).await?;
    Ok(Json(json!({ "ok": true, "product": object(state, caller, &row).await? })))
}

/// `GET /v1/products/{product}`.
async fn show<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    This(row): This<ProductRow>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(json!({ "product": object(&state, &caller, &row).await? })))
}

/// `PUT /v1/products/{product}`: another name or description, or another setting of the quarantine switch.
async fn edit<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    This(row): This<ProductRow>,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let fields = fields.under("product");
    let settings = Settings {
        name: fields.text(&["name"]),
        description: fields.text(&["description"]),
        quarantine: quarantine(&fields),
    };
    let row = state.shelf_of(&caller).set(row.id, settings).await?;
    Ok(Json(json!({ "ok": true, "product": object(&state, &caller, &row).await? })))
}

/// `GET /v1/products/{product}/keyring`: the keyring in force, or null.
async fn keyring<F: Fleet>(
    State(state): State<ApiState<F>>,
    This(row): This<ProductRow>,
) -> Result<Json<Value>, ApiError> {
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
async fn set_keyring<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    This(row): This<ProductRow>,
    content: Content,
) -> Result<Json<Value>, ApiError> {
    let envelope = content.bytes("keyring")?;
    let envelope =
        envelope.ok_or_else(|| ApiError::bad_request("The field keyring is missing."))?;
    let number = state.shelf_of(&caller).set_keyring(row.id, &envelope).await?;
    Ok(Json(json!({ "ok": true, "product_id": row.id.0, "number": number })))
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
        "user": if row.owner == caller.account { caller.name.to_string() } else { row.owner.handle() },
        "org_id": row.organization.map(|id| id.to_string()),
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
