//! `/v1/clients` and `/v1/products/{product}/clients`: OAuth clients that somebody registers, for an account or a product.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::address::Path;
use super::body::Fields;
use super::error::{ApiError, sentence};
use super::route::{Gives, Kind, Needs, Route, delete, get, post, put};
use super::this::This;
use super::{ApiState, Fleet};
use crate::account::{Caller, ClientError, NewClient, RedirectUri, Scope, Scopes};
use crate::store::client::{ClientRow, ClientsOf};
use crate::store::product::ProductRow;

const OWN: &str = "/v1/clients";
const OWN_ONE: &str = "/v1/clients/{client}";
const PRODUCT: &str = "/v1/products/{product}/clients";
const PRODUCT_ONE: &str = "/v1/products/{product}/clients/{client}";

pub(super) fn routes<F: Fleet>() -> Vec<Route<F>> {
    use Scope::{ClientsCreate, ClientsList, ClientsRemove, ClientsUpdate};
    vec![
        get(OWN, Needs::Own(ClientsList), list::<F>).says("Lists the caller's OAuth clients."),
        get(PRODUCT, Needs::Product(ClientsList), list_of_product::<F>)
            .says("Lists a product's OAuth clients."),
        creating(post(OWN, Needs::Own(ClientsCreate), create::<F>))
            .says("Registers an OAuth client; its secret is shown once."),
        creating(post(PRODUCT, Needs::Product(ClientsCreate), create_for_product::<F>))
            .says("Registers an OAuth client of a product; its secret is shown once."),
        editing(put(OWN_ONE, Needs::Own(ClientsUpdate), edit::<F>))
            .says("Changes the name or the scopes of an OAuth client."),
        editing(put(PRODUCT_ONE, Needs::Product(ClientsUpdate), edit_of_product::<F>))
            .says("Changes the name or the scopes of a product's OAuth client."),
        delete(OWN_ONE, Needs::Own(ClientsRemove), remove::<F>)
            .says("Removes an OAuth client and ends all its tokens.")
            .gives(204, Gives::Nothing)
            .fails(&[404]),
        delete(PRODUCT_ONE, Needs::Product(ClientsRemove), remove_of_product::<F>)
            .says("Removes a product's OAuth client and ends all its tokens.")
            .gives(204, Gives::Nothing),
    ]
}

fn creating<F>(route: Route<F>) -> Route<F> {
    route
        .asks("name", Kind::Text)
        .asks("type", Kind::Text)
        .takes("redirect_uri", Kind::Text)
        .takes("scope", Kind::Text)
}

fn editing<F>(route: Route<F>) -> Route<F> {
    route.takes("name", Kind::Text).takes("scope", Kind::Text).fails(&[404])
}

async fn list<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
) -> Result<Json<Value>, ApiError> {
    shown(&state, ClientsOf::Account(caller.account)).await
}

async fn list_of_product<F: Fleet>(
    State(state): State<ApiState<F>>,
    This(product): This<ProductRow>,
) -> Result<Json<Value>, ApiError> {
    shown(&state, ClientsOf::Product(product.id)).await
}

async fn shown<F: Fleet>(state: &ApiState<F>, of: ClientsOf) -> Result<Json<Value>, ApiError> {
    let clients = state.store.clients().list(of).await?;
    let clients: Vec<Value> = clients.iter().map(client).collect();
    Ok(Json(json!({ "ok": true, "clients": clients })))
}

async fn create<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    register(&state, &caller, None, &fields).await
}

async fn create_for_product<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    This(product): This<ProductRow>,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    register(&state, &caller, Some(&product), &fields).await
}

async fn register<F: Fleet>(
    state: &ApiState<F>,
    caller: &Caller,
    product: Option<&ProductRow>,
    fields: &Fields,
) -> Result<Json<Value>, ApiError> {
    let kind = fields.text(&["type"]).unwrap_or_default().parse()?;
    let redirect_uri = fields.text(&["redirect_uri", "redirectUri"]);
    let redirect_uri =
        redirect_uri.filter(|uri| !uri.is_empty()).map(|uri| uri.parse::<RedirectUri>());
    let redirect_uri =
        redirect_uri.transpose().map_err(|error| ApiError::bad_request(sentence(&error)))?;
    let new = NewClient {
        name: fields.text(&["name"]).unwrap_or_default(),
        kind,
        redirect_uri,
        scopes: scopes(fields)?.unwrap_or(caller.scopes),
        product: product.map(|product| product.id),
    };
    let now_ms = state.clock.now().wall_ms;
    let (row, secret) = state.accounts.register_client(new, caller, now_ms).await?;
    let mut shown = client(&row);
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("secret".to_owned(), json!(secret.reveal().as_str()));
    }
    Ok(Json(json!({ "ok": true, "client": shown })))
}

/// `full` is all that its maker may do, `none` is nothing.
fn scopes(fields: &Fields) -> Result<Option<Scopes>, ApiError> {
    match fields.text(&["scope"]).as_deref().map(str::trim) {
        None | Some("full") => Ok(None),
        Some("none") => Ok(Some(Scopes::NONE)),
        Some(text) => {
            let scopes = text.parse().map_err(|error| ApiError::bad_request(sentence(&error)))?;
            Ok(Some(scopes))
        }
    }
}

async fn edit<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let row = find(&state, &id, ClientsOf::Account(caller.account)).await?;
    change(&state, &caller, row, &fields).await
}

async fn edit_of_product<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    This(product): This<ProductRow>,
    Path((_, id)): Path<(String, String)>,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let row = find(&state, &id, ClientsOf::Product(product.id)).await?;
    change(&state, &caller, row, &fields).await
}

async fn change<F: Fleet>(
    state: &ApiState<F>,
    caller: &Caller,
    before: ClientRow,
    fields: &Fields,
) -> Result<Json<Value>, ApiError> {
    let name = fields.text(&["name"]).unwrap_or_else(|| before.name.clone());
    let scopes = match fields.has("scope") {
        true => scopes(fields)?.unwrap_or(caller.scopes),
        false => before.scopes,
    };
    let after = ClientRow { name, scopes, ..before.clone() };
    let now_ms = state.clock.now().wall_ms;
    state.accounts.edit_client(&before, &after, caller, now_ms).await?;
    Ok(Json(json!({ "ok": true, "client": client(&after) })))
}

async fn remove<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let row = find(&state, &id, ClientsOf::Account(caller.account)).await?;
    state.accounts.remove_client(&row, &caller, state.clock.now().wall_ms).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn remove_of_product<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    This(product): This<ProductRow>,
    Path((_, id)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let row = find(&state, &id, ClientsOf::Product(product.id)).await?;
    state.accounts.remove_client(&row, &caller, state.clock.now().wall_ms).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The client of this id, if it is one of theirs.
async fn find<F: Fleet>(
    state: &ApiState<F>,
    id: &str,
    of: ClientsOf,
) -> Result<ClientRow, ApiError> {
    let row = state.store.clients().find(id).await?;
    let row = row.filter(|row| match of {
        ClientsOf::Account(account) => row.product.is_none() && row.account == account,
        ClientsOf::Product(product) => row.product == Some(product),
    });
    row.ok_or_else(|| ApiError::not_found("There is no such client."))
}

fn client(row: &ClientRow) -> Value {
    json!({
        "id": row.id,
        "name": row.name,
        "type": row.kind,
        "redirect_uri": row.redirect_uri,
        "scope": row.scopes.to_string(),
    })
}

impl From<ClientError> for ApiError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Account(error) => error.into(),
            ClientError::MoreScopes => Self::forbidden(sentence(&error)),
            error => Self::bad_request(sentence(&error)),
        }
    }
}
