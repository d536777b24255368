//! `/v1/products/{product}/customers`: the people a product is sold to.
//!
//! A product's own clients make them (with a secret in the body or in a header of the scheme Basic), and so does who has
//! a role in the product; the first answer has the customer's tokens in it. Names are not kept, so lists show handles.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::address::{Path, Query};
use super::body::Fields;
use super::error::ApiError;
use super::oauth::{Asker, answer, lifetime};
use super::route::{Gives, Kind, Needs, Route, delete, get, post, put};
use super::this::This;
use super::{ApiState, Fleet, locate};
use crate::account::{AccountId, Caller, Grant, Scope};
use crate::audit::Who;
use crate::product::ProductId;
use crate::store::product::ProductRow;

const ALL: &str = "/v1/products/{product}/customers";
const ONE: &str = "/v1/products/{product}/customers/{customer}";
/// Customers on a page where nobody says how many, and at most.
const A_PAGE: u32 = 25;
const MOST: u32 = 100;

pub(super) fn routes<F: Fleet>() -> Vec<Route<F>> {
    vec![
        post(ALL, Needs::Nothing, create::<F>)
            .says("Makes a customer of a product, for one of its OAuth clients, and gives the customer's tokens.")
            .asks("client_id", Kind::Text)
            .asks("client_secret", Kind::Text)
            .asks("email", Kind::Text)
            .takes("password", Kind::Text)
            .takes("no_password", Kind::Flag)
            .takes("grant_type", Kind::Text)
            .takes("expires_in", Kind::Text)
            .gives(201, Gives::Json)
            .fails(&[401, 409]),
        get(ALL, Needs::Product(Scope::CustomersList), list::<F>)
            .says("Lists the customers of a product.")
            .query("page", Kind::Integer)
            .query("per_page", Kind::Integer)
            .query("perPage", Kind::Integer)
            .fails(&[400]),
        put(ONE, Needs::Product(Scope::CustomersUpdate), set_password::<F>)
            .says("Gives a customer another password and ends the customer's tokens.")
            .asks("password", Kind::Text)
            .fails(&[404]),
        delete(ONE, Needs::Product(Scope::CustomersRemove), remove::<F>)
            .says("Removes a customer and ends the customer's tokens."),
    ]
}

async fn create<F: Fleet>(
    State(state): State<ApiState<F>>,
    Path(product): Path<String>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let client = Asker::read(&state, &headers, &fields).await?.proven()?;
    let product = locate::product(&state.store, &product).await?;
    let product = product.filter(|row| client.product == Some(row.id));
    // Whether there is such a product is nobody's business but that of its own clients.
    let product = product.ok_or_else(locate::no_such_product)?;
    if !client.scopes.contains(Scope::CustomersCreate) {
        return Err(ApiError::forbidden("The client has not the scope customers:create."));
    }
    let name = fields.text(&["email", "username"]).unwrap_or_default();
    let password = match fields.flag(&["no_password"]) {
        Some(true) => None,
        _ => Some(Zeroizing::new(fields.text(&["password"]).unwrap_or_default())),
    };
    let lifetime = lifetime(&fields)?;
    let now_ms = state.clock.now().wall_ms;
    let by = (Who::Client(client.id.clone()), None);
    let account = state.accounts.create_customer(product.id, &name, password, by, now_ms).await?;
    let grant = Grant::for_customer(account, &name, &client.id, product.id);
    let grant = Grant { lifetime: lifetime.unwrap_or(grant.lifetime), ..grant };
    let issued = state.accounts.issue(&grant, now_ms).await?;
    Ok((StatusCode::CREATED, Json(answer(&issued))))
}

#[derive(Deserialize)]
struct Page {
    page: Option<u32>,
    #[serde(alias = "perPage")]
    per_page: Option<u32>,
}

async fn list<F: Fleet>(
    State(state): State<ApiState<F>>,
    This(product): This<ProductRow>,
    Query(page): Query<Page>,
) -> Result<Json<Value>, ApiError> {
    let most = page.per_page.unwrap_or(A_PAGE).clamp(1, MOST);
    let skipped = page.page.unwrap_or(1).saturating_sub(1).saturating_mul(most);
    let customers = state.store.customers();
    let (count, found) =
        tokio::try_join!(customers.count(product.id), customers.list(product.id, skipped, most))?;
    let (mut shown, mut devices) = (Vec::new(), Vec::new());
    for customer in found {
        let own = customers.devices(customer).await?;
        let own: Vec<String> = own.iter().map(ToString::to_string).collect();
        let handle = customer.handle();
        shown.push(json!({ "id": handle, "username": handle, "devices": own }));
        devices.extend(own.into_iter().map(|id| json!({ "id": id, "product_id": product.id.0 })));
    }
    let pages = count.div_ceil(most).max(1);
    Ok(Json(json!({ "customers": shown, "devices": devices, "meta": { "total_pages": pages } })))
}

async fn set_password<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    This(product): This<ProductRow>,
    Path((_, name)): Path<(String, String)>,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let customer = find(&state, product.id, &name).await?;
    let password = Zeroizing::new(fields.text(&["password"]).unwrap_or_default());
    let now_ms = state.clock.now().wall_ms;
    state.accounts.set_customer_password(customer, password, &caller, now_ms).await?;
    Ok(Json(json!({ "ok": true })))
}

async fn remove<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    This(product): This<ProductRow>,
    Path((_, name)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let customer = find(&state, product.id, &name).await?;
    state.accounts.remove_customer(customer, &caller, state.clock.now().wall_ms).await?;
    Ok(Json(json!({ "ok": true })))
}

/// The customer of this name, or with this handle.
async fn find<F: Fleet>(
    state: &ApiState<F>,
    product: ProductId,
    name: &str,
) -> Result<AccountId, ApiError> {
    let found = match state.accounts.find_customer(product, name).await? {
        Some(found) => Some(found),
        None => state.store.customers().by_handle(product, name).await?,
    };
    found.ok_or_else(|| ApiError::not_found("The product has no such customer."))
}
