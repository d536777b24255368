//! `/v1/products/{product}/team` and `/v1/orgs/{org}/team`: who is in it, and as what.
//!
//! People are known to each other by their handles: no name is kept, so none can be shown (promise P6). Who adds somebody
//! may type a name or a handle. There is no mail: who is added is a member at once. Nobody gives a role that has more than
//! their own, nor touches who has one.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Reason, service};
use crate::account::{AccountId, Caller, Place, Role, Scope, Standing, handle_bytes};
use crate::api::address::Last;
use crate::api::body::Fields;
use crate::api::error::ApiError;
use crate::api::route::{Kind, Needs, Route, delete, get, post, put};
use crate::api::this::This;
use crate::api::{ApiState, Fleet};
use crate::audit::Act;
use crate::store::member::{Joining, MemberRow};

/// Both kinds of places that have a team: the paths of the team, of a member, of a service's token, and what it takes.
pub(super) type Doors = (&'static str, &'static str, &'static str, fn(Scope) -> Needs);

pub(super) const DOORS: [Doors; 2] = [
    (
        "/v1/products/{product}/team",
        "/v1/products/{product}/team/{username}",
        "/v1/products/{product}/team/{username}/token",
        Needs::Product,
    ),
    (
        "/v1/orgs/{org}/team",
        "/v1/orgs/{org}/team/{username}",
        "/v1/orgs/{org}/team/{username}/token",
        Needs::Org,
    ),
];

/// The most members of a team, services included.
const MOST: usize = 1_000;

pub(super) fn routes<F: Fleet>() -> Vec<Route<F>> {
    DOORS.into_iter().flat_map(routes_of).collect()
}

fn routes_of<F: Fleet>((team, member, _, needs): Doors) -> Vec<Route<F>> {
    let changed = |route: Route<F>| {
        route
            .says("Gives a member another role, or a service other scopes and a new token.")
            .fresh()
            .takes("role", Kind::Text)
            .takes("friendly_name", Kind::Text)
            .takes("scopes", Kind::Texts)
            .fails(&[404, 409])
    };
    vec![
        get(team, needs(Scope::UsersList), list::<F>).says("Lists the members of a team."),
        post(team, needs(Scope::UsersInvite), invite::<F>)
            .says("Adds a person to a team, or makes a service in it.")
            .fresh()
            .takes("username", Kind::Text)
            .takes("role", Kind::Text)
            .takes("friendly_name", Kind::Text)
            .takes("scopes", Kind::Texts)
            .fails(&[409]),
        changed(put(member, needs(Scope::UsersUpdate), change::<F>)),
        changed(post(member, needs(Scope::UsersUpdate), change::<F>)),
        delete(member, needs(Scope::UsersRemove), remove::<F>)
            .says("Takes a person or a service out of a team.")
            .fresh()
            .fails(&[409]),
    ]
}

/// `GET .../team`.
async fn list<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    This(place): This<Place>,
) -> Result<Json<Value>, ApiError> {
    let mut team = Vec::new();
    // Who made a product that is nobody else's is its owner without being written down as one.
    if let Place::Product(id) = place
        && let Some(product) = state.store.products().find(id).await?
        && product.organization.is_none()
    {
        team.push(object(&caller, place, product.owner, Standing::of(Role::Owner), None));
    }
    for MemberRow { account, standing, label, .. } in state.store.members().list(place).await? {
        team.push(object(&caller, place, account, standing, label.as_deref()));
    }
    Ok(Json(json!({ "ok": true, "team": team })))
}

/// `POST .../team`.
async fn invite<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    This(place): This<Place>,
    This(standing): This<Standing>,
    Reason(why): Reason,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    if state.store.members().list(place).await?.len() >= MOST {
        let text = format!("The team has {MOST} members, the most that one can have.");
        return Err(ApiError::new(StatusCode::CONFLICT, text));
    }
    let act = |what| act(&state, &caller, what).because(why);
    if fields.has("friendly_name") || fields.has("scopes") {
        return service::create(&state, &caller, act("service.created"), place, standing, &fields)
            .await;
    }
    let name = fields.text(&["username"]);
    let name = name.ok_or_else(|| ApiError::bad_request("The field username is missing."))?;
    // Clients that name no role mean the least.
    let role = role(&fields)?.unwrap_or(Role::Viewer);
    allowed(standing, role)?;
    let account = person(&state, &name).await?;
    let at_ms = state.clock.now().wall_ms;
    let joining = Joining::person(account, place, role, at_ms);
    let act = act("member.added").on(place.kind(), on(place, account));
    if !state.store.members().add(&joining, act).await? {
        return Err(ApiError::bad_request("This account is in the team already."));
    }
    let role = json!({ "id": role.id(), "name": role.name() });
    let invited = json!({ "_id": account.handle(), "username": name, "role": role });
    Ok(Json(json!({ "ok": true, "invited": invited })))
}

/// `PUT .../team/{username}`, and `POST`, which clients use, too.
async fn change<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    This(place): This<Place>,
    This(standing): This<Standing>,
    Last(name): Last,
    Reason(why): Reason,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let member = member(&state, place, &name).await?;
    let act = |what| act(&state, &caller, what).because(why);
    let Some(had) = member.standing.role else {
        return service::change(
            &state,
            &caller,
            act("service.changed"),
            place,
            standing,
            &member,
            &fields,
        )
        .await;
    };
    let role = role(&fields)?.ok_or_else(|| ApiError::bad_request("The field role is missing."))?;
    allowed(standing, had)?;
    allowed(standing, role)?;
    let act = act("member.changed").on(place.kind(), on(place, member.account));
    if !state.store.members().set_role(place, member.account, role, act).await? {
        return Err(last_owner());
    }
    let updated = object(&caller, place, member.account, Standing::of(role), None);
    Ok(Json(json!({ "ok": true, "updated": updated })))
}

/// `DELETE .../team/{username}`.
async fn remove<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    This(place): This<Place>,
    This(standing): This<Standing>,
    Last(name): Last,
    Reason(why): Reason,
) -> Result<Json<Value>, ApiError> {
    let member = member(&state, place, &name).await?;
    let act = |what| act(&state, &caller, what).because(why);
    let on = on(place, member.account);
    let members = state.store.members();
    let removed = match member.standing.role {
        Some(role) => {
            allowed(standing, role)?;
            let act = act("member.removed").on(place.kind(), on);
            members.remove(place, member.account, act).await?
        }
        None => {
            let now_ms = state.clock.now().wall_ms;
            state.accounts.revoke_all(member.account, caller.who(), now_ms).await?;
            let act = act("service.removed").on(place.kind(), on);
            members.remove_service(place, member.account, act).await?
        }
    };
    if removed { Ok(Json(json!({ "ok": true }))) } else { Err(last_owner()) }
}

pub(super) fn act<F: Fleet>(state: &ApiState<F>, caller: &Caller, what: &'static str) -> Act {
    Act::new(what, caller.who(), state.clock.now().wall_ms).from_token(caller.mark())
}

/// The place and the member, to the audit log.
pub(super) fn on(place: Place, account: AccountId) -> String {
    format!("{place} account {}", account.handle())
}

/// The member of this handle or name.
pub(super) async fn member<F: Fleet>(
    state: &ApiState<F>,
    place: Place,
    name: &str,
) -> Result<MemberRow, ApiError> {
    let missing = || ApiError::not_found("There is no such member in this team.");
    let account = account(state, name).await?.ok_or_else(missing)?;
    state.store.members().find(place, account).await?.ok_or_else(missing)
}

async fn person<F: Fleet>(state: &ApiState<F>, name: &str) -> Result<AccountId, ApiError> {
    let text =
        "There is no account of this name or handle here. Who is to be added needs one first.";
    account(state, name).await?.ok_or_else(|| ApiError::bad_request(text))
}

async fn account<F: Fleet>(state: &ApiState<F>, name: &str) -> Result<Option<AccountId>, ApiError> {
    if let Some(handle) = handle_bytes(name)
        && let Some(found) = state.store.accounts().find_by_handle(&handle).await?
    {
        return Ok(Some(found.id));
    }
    Ok(state.accounts.find(name).await?)
}

fn role(fields: &Fields) -> Result<Option<Role>, ApiError> {
    let role = fields.text(&["role"]).map(|role| role.trim().parse::<Role>()).transpose();
    role.map_err(|unknown| ApiError::bad_request(format!("{unknown}.")))
}

fn allowed(standing: Standing, role: Role) -> Result<(), ApiError> {
    if standing.may_give(role) {
        return Ok(());
    }
    let text = format!("Permission denied: {role} may do more here than you or your token may.");
    Err(ApiError::forbidden(text))
}

fn last_owner() -> ApiError {
    let text =
        "This member has gone already, or is the last owner: make somebody else an owner first.";
    ApiError::new(StatusCode::CONFLICT, text)
}

fn object(
    caller: &Caller,
    place: Place,
    account: AccountId,
    standing: Standing,
    label: Option<&str>,
) -> Value {
    let handle = account.handle();
    match standing.role {
        Some(role) => {
            let own = account == caller.account;
            let name = if own { caller.name.to_string() } else { handle.clone() };
            let role = json!({ "id": role.id(), "name": role.name() });
            json!({ "_id": handle, "username": name, "role": role })
        }
        None => service::object(place, account, standing.scopes, label.unwrap_or_default()),
    }
}
