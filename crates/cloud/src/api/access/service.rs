//! Service accounts, which clients call API users: programs with scopes of their own in a product or an organisation.
//!
//! A service has no password, only a token, shown once. Whoever makes or changes one proves a second factor for it, which
//! is why it needs none itself; it never has a scope that decides over other people, nor one that its maker has not.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::Reason;
use super::team::{DOORS, Doors, act, member, on};
use crate::account::{AccountId, Caller, Grant, Holder, Lifetime, Place, Scope, Scopes, Standing};
use crate::api::address::Path;
use crate::api::body::Fields;
use crate::api::error::{ApiError, sentence};
use crate::api::route::{Needs, Route, post, put};
use crate::api::this::This;
use crate::api::{ApiState, Fleet};
use crate::audit::Act;
use crate::clock::iso8601;
use crate::store::member::{Joining, MemberRow, Unmatched};

/// The most characters of what a service is called.
const MAX_LABEL: usize = 64;
/// What its tokens are said to be from.
const CLIENT: &str = "service";

pub(super) fn routes<F: Fleet>() -> Vec<Route<F>> {
    let routes_of = |(_, _, path, needs): Doors| {
        let needs: Needs = needs(Scope::UsersUpdate);
        let renewed = |route: Route<F>| {
            route.says("Gives a service a new token in the place of the old one.").fresh()
        };
        [renewed(put(path, needs, renew::<F>)), renewed(post(path, needs, renew::<F>))]
    };
    DOORS.into_iter().flat_map(routes_of).collect()
}

/// `POST .../team` with `friendly_name` and `scopes`.
pub(super) async fn create<F: Fleet>(
    state: &ApiState<F>,
    caller: &Caller,
    act: Act,
    place: Place,
    standing: Standing,
    fields: &Fields,
) -> Result<Json<Value>, ApiError> {
    let label = label(fields)?;
    let label =
        label.ok_or_else(|| ApiError::bad_request("The field friendly_name is missing."))?;
    let scopes = scopes(fields, standing)?;
    let scopes = scopes.ok_or_else(|| ApiError::bad_request("The field scopes is missing."))?;
    let account = AccountId::generate().map_err(|_| ApiError::internal())?;
    let unmatched = Unmatched::generate().map_err(|_| ApiError::internal())?;
    let at_ms = state.clock.now().wall_ms;
    let joining = Joining::service(account, place, scopes, label.clone(), at_ms);
    let act = act.on(place.kind(), on(place, account));
    state.store.members().add_service(&joining, &unmatched, act).await?;
    let created = with_token(state, caller, place, account, scopes, &label).await?;
    Ok(Json(json!({ "ok": true, "created": created })))
}

/// `PUT .../team/{username}` for a service.
pub(super) async fn change<F: Fleet>(
    state: &ApiState<F>,
    caller: &Caller,
    act: Act,
    place: Place,
    standing: Standing,
    had: &MemberRow,
    fields: &Fields,
) -> Result<Json<Value>, ApiError> {
    within(had.standing.scopes, standing)?;
    let label = label(fields)?.or_else(|| had.label.clone()).unwrap_or_default();
    let scopes = scopes(fields, standing)?.unwrap_or(had.standing.scopes);
    let act = act.on(place.kind(), on(place, had.account));
    if !state.store.members().set_service(place, had.account, scopes, &label, act).await? {
        return Err(ApiError::not_found("There is no such member in this team."));
    }
    let updated = with_token(state, caller, place, had.account, scopes, &label).await?;
    Ok(Json(json!({ "ok": true, "updated": updated })))
}

/// `PUT .../team/{username}/token`, and `POST`, which clients use, too.
async fn renew<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    This(place): This<Place>,
    This(standing): This<Standing>,
    Path((_, name)): Path<(String, String)>,
    Reason(why): Reason,
) -> Result<Json<Value>, ApiError> {
    let member = member(&state, place, &name).await?;
    let Some(label) = member.label.as_deref() else {
        return Err(ApiError::bad_request("Only a service is given a token so: people log in."));
    };
    within(member.standing.scopes, standing)?;
    let act = act(&state, &caller, "service.token").because(why);
    let act = act.on(place.kind(), on(place, member.account));
    let scopes = member.standing.scopes;
    state.store.members().set_service(place, member.account, scopes, label, act).await?;
    let updated = with_token(&state, &caller, place, member.account, scopes, label).await?;
    Ok(Json(json!({ "ok": true, "updated": updated })))
}

/// A service with a new token; the old one is revoked. It has one at a time, for as long as the operator allows.
async fn with_token<F: Fleet>(
    state: &ApiState<F>,
    caller: &Caller,
    place: Place,
    account: AccountId,
    scopes: Scopes,
    label: &str,
) -> Result<Value, ApiError> {
    let now_ms = state.clock.now().wall_ms;
    state.accounts.revoke_all(account, caller.who(), now_ms).await?;
    let grant = Grant {
        holder: Holder::Service,
        scopes,
        product: place.product(),
        lifetime: Lifetime::Endless,
        ..Grant::new(account, label, CLIENT)
    };
    let issued = state.accounts.issue(&grant, now_ms).await?;
    let ends = (issued.expires_at_ms != i64::MAX).then(|| iso8601(issued.expires_at_ms));
    let mut object = object(place, account, scopes, label);
    if let Some(fields) = object.as_object_mut() {
        let token = json!({ "token": issued.token.reveal().as_str(), "expires_at": ends });
        fields.insert("tokens".into(), json!([token]));
    }
    Ok(object)
}

pub(super) fn object(place: Place, account: AccountId, scopes: Scopes, label: &str) -> Value {
    json!({
        "_id": account.handle(),
        "username": account.handle(),
        "friendly_name": label,
        "scopes": scopes.names().collect::<Vec<_>>(),
        "is_programmatic": true,
        "product_id": place.product().map(|id| id.0),
    })
}

fn label(fields: &Fields) -> Result<Option<String>, ApiError> {
    let label = fields.text(&["friendly_name"]).map(|label| label.trim().to_owned());
    let fits = |label: &String| {
        let length = label.chars().count();
        (1..=MAX_LABEL).contains(&length) && !label.chars().any(char::is_control)
    };
    match label {
        Some(label) if !fits(&label) => Err(ApiError::bad_request(format!(
            "The field friendly_name must have 1 to {MAX_LABEL} characters."
        ))),
        label => Ok(label),
    }
}

/// The scopes that are asked for: a list, or one text with blanks.
fn scopes(fields: &Fields, standing: Standing) -> Result<Option<Scopes>, ApiError> {
    let Some(asked) = fields.get(&["scopes"]) else { return Ok(None) };
    let bad = || ApiError::bad_request("The scopes must be a list of names.");
    let texts = match asked {
        Value::Array(list) => {
            list.iter().map(Value::as_str).collect::<Option<Vec<_>>>().ok_or_else(bad)?
        }
        Value::String(text) => vec![text.as_str()],
        _ => return Err(bad()),
    };
    let read = texts.join(" ").parse::<Scopes>();
    let scopes = read.map_err(|unknown| ApiError::bad_request(sentence(&unknown)))?;
    if scopes.is_empty() {
        return Err(ApiError::bad_request("A service needs at least one scope."));
    }
    let denied = scopes.without(scopes.for_services());
    if !denied.is_empty() {
        let text =
            format!("No service can have scopes that decide over people and keys: {denied}.");
        return Err(ApiError::bad_request(text));
    }
    within(scopes, standing)?;
    Ok(Some(scopes))
}

/// Nobody hands out what they do not have.
fn within(scopes: Scopes, standing: Standing) -> Result<(), ApiError> {
    let more = scopes.without(standing.scopes);
    if more.is_empty() {
        return Ok(());
    }
    let text = format!("Permission denied: you or your token may not do this yourself: {more}.");
    Err(ApiError::forbidden(text))
}
