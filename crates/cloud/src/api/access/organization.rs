//! `/v1/orgs`: the caller's organisations, and what is in them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Reason;
use crate::account::{BadOrganization, Caller, Role, Scope, new_organization, organization_name};
use crate::api::body::Fields;
use crate::api::error::{ApiError, sentence};
use crate::api::route::{Gives, Kind, Needs, Route, delete, get, post, put};
use crate::api::this::This;
use crate::api::{ApiState, Fleet, product};
use crate::audit::Act;
use crate::store::organization::OrganizationRow;

/// The most organisations that somebody who makes one is in.
const MOST: usize = 100;

pub(super) fn routes<F: Fleet>() -> Vec<Route<F>> {
    const ONE: &str = "/v1/orgs/{org}";
    const PRODUCTS: &str = "/v1/orgs/{org}/products";
    vec![
        get("/v1/orgs", Needs::Own(Scope::OrganizationGet), list::<F>)
            .says("Lists the organizations that the caller is in."),
        post("/v1/orgs", Needs::Own(Scope::OrganizationCreate), create::<F>)
            .says("Makes an organization, and the caller its owner.")
            .asks("name", Kind::Text)
            .takes("slug", Kind::Text)
            .gives(201, Gives::Json)
            .fails(&[409]),
        get(ONE, Needs::Org(Scope::OrganizationGet), show).says("Shows an organization."),
        put(ONE, Needs::Org(Scope::OrganizationUpdate), rename::<F>)
            .says("Gives an organization another name.")
            .asks("name", Kind::Text),
        delete(ONE, Needs::Org(Scope::OrganizationUpdate), remove::<F>)
            .says("Takes an organization away that has no products.")
            .fresh()
            .gives(204, Gives::Nothing)
            .fails(&[409]),
        get(PRODUCTS, Needs::Org(Scope::ProductsList), products::<F>)
            .says("Lists an organization's products."),
        product::words_of_new(post(
            PRODUCTS,
            Needs::Org(Scope::ProductsCreate),
            create_product::<F>,
        )),
    ]
}

async fn list<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
) -> Result<Json<Value>, ApiError> {
    let all = state.store.organizations().of_account(caller.account).await?;
    let shown: Vec<_> = all.iter().map(|(row, standing)| object(row, standing.role)).collect();
    Ok(Json(json!({ "organizations": shown })))
}

async fn create<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    fields: Fields,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let now_ms = state.clock.now().wall_ms;
    if state.store.organizations().of_account(caller.account).await?.len() >= MOST {
        let text = format!("You are in {MOST} organizations, the most that anybody can be in.");
        return Err(ApiError::new(StatusCode::CONFLICT, text));
    }
    let row = new_organization(&name(&fields)?, fields.text(&["slug"]), now_ms).map_err(bad)?;
    let act = Act::new("organization.created", caller.who(), now_ms)
        .on("organization", row.id)
        .from_token(caller.mark());
    if !state.store.organizations().create(&row, caller.account, act).await? {
        let text = format!("There is an organization of slug {:?} already.", row.slug);
        return Err(ApiError::bad_request(text));
    }
    let made = json!({ "ok": true, "organization": object(&row, Some(Role::Owner)) });
    Ok((StatusCode::CREATED, Json(made)))
}

async fn show(This(row): This<OrganizationRow>) -> Json<Value> {
    Json(json!({ "organization": object(&row, None) }))
}

async fn rename<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    This(row): This<OrganizationRow>,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let row = OrganizationRow { name: organization_name(&name(&fields)?).map_err(bad)?, ..row };
    let act = Act::new("organization.renamed", caller.who(), state.clock.now().wall_ms)
        .on("organization", row.id)
        .from_token(caller.mark());
    state.store.organizations().rename(row.id, &row.name, act).await?;
    Ok(Json(json!({ "ok": true, "organization": object(&row, None) })))
}

async fn remove<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    This(row): This<OrganizationRow>,
    Reason(why): Reason,
) -> Result<StatusCode, ApiError> {
    let act = Act::new("organization.removed", caller.who(), state.clock.now().wall_ms)
        .on("organization", row.id)
        .from_token(caller.mark())
        .because(why);
    if state.store.organizations().remove(row.id, act).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    let text = "The organization has products: it cannot be taken away before them.";
    Err(ApiError::new(StatusCode::CONFLICT, text))
}

async fn products<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    This(row): This<OrganizationRow>,
) -> Result<Json<Value>, ApiError> {
    let rows = state.store.products().of_organization(row.id).await?;
    product::objects(&state, &caller, &rows).await
}

async fn create_product<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    This(row): This<OrganizationRow>,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    product::make(&state, &caller, Some(row.id), fields).await
}

fn object(row: &OrganizationRow, role: Option<Role>) -> Value {
    let mut object = json!({ "id": row.id.to_string(), "slug": row.slug, "name": row.name });
    if let (Some(role), Some(fields)) = (role, object.as_object_mut()) {
        fields.insert("role".into(), json!({ "id": role.id(), "name": role.name() }));
    }
    object
}

fn name(fields: &Fields) -> Result<String, ApiError> {
    fields.text(&["name"]).ok_or_else(|| ApiError::bad_request("The field name is missing."))
}

fn bad(error: BadOrganization) -> ApiError {
    match error {
        BadOrganization::Crypto => ApiError::internal(),
        error => ApiError::bad_request(sentence(&error)),
    }
}
