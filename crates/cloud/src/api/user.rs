//! `/v1/user` and `/v1/users`: the caller, and how an account begins, changes and ends.
//!
//! The caller's name comes out of the token, since the store has none; nothing else about a person is kept, whatever a
//! client sends.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::body::Fields;
use super::error::ApiError;
use super::login::invalid_request;
use super::route::{Kind, Needs, Route, delete, get, post, put};
use super::{ApiState, Fleet, proof};
use crate::account::{Caller, Scope, check_new_password};
use crate::device::is_cellular;
use crate::guard::Origin;

/// What is said to who sends more about a person than is kept.
const NOT_KEPT: &str = "This server keeps no personal data: account_info was not stored.";

pub(super) fn routes<F: Fleet>() -> Vec<Route<F>> {
    let own = Needs::Own(Scope::AccountUpdate);
    vec![
        get("/v1/user", Needs::Token, show::<F>).says("Says who the caller is."),
        get("/v1/user/identify", Needs::Token, identify)
            .says("Says by which number and name the caller is known.")
            .query("tracking", Kind::Flag),
        put("/v1/user", own, change::<F>)
            .says("Changes the caller's name or password.")
            .takes("username", Kind::Text)
            .takes("password", Kind::Text)
            .takes("current_password", Kind::Text)
            .takes("otp", Kind::Text)
            .takes("invalidate_tokens", Kind::Flag)
            .takes("account_info", Kind::Object)
            .fails(&[403, 409]),
        delete("/v1/user", own, end::<F>)
            .says("Ends the caller's account. Its devices are nobody's then.")
            .asks("password", Kind::Text)
            .takes("otp", Kind::Text)
            .fails(&[409]),
        post("/v1/users", Needs::Nothing, register::<F>)
            .says("Makes an account, where the operator lets anyone make one.")
            .asks("username", Kind::Text)
            .asks("password", Kind::Text)
            .takes("account_info", Kind::Object)
            .fails(&[403, 409]),
        post("/v1/user/password-reset", Needs::Nothing, reset)
            .says("Says how somebody who forgot a password gets in again.")
            .takes("username", Kind::Text),
    ]
}

async fn show<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
) -> Result<Json<Value>, ApiError> {
    let devices = state.store.devices().list(caller.account).await?;
    let cellular =
        devices.iter().filter(|device| device.platform_id.is_some_and(is_cellular)).count();
    let codes_left = state.accounts.recovery_codes_left(caller.account).await?;
    Ok(Json(json!({
        "id": caller.account.handle(),
        "username": caller.name.as_str(),
        "subscription_ids": [],
        "account_info": {},
        "mfa": { "enabled": codes_left.is_some(), "recovery_codes_left": codes_left },
        "scim_provisioned": false,
        "no_password": false,
        "wifi_device_count": devices.len() - cellular,
        "cellular_device_count": cellular,
    })))
}

async fn identify(caller: Caller) -> Json<Value> {
    Json(json!({ "id": caller.account.handle(), "email": caller.name.as_str() }))
}

async fn change<F: Fleet>(
    State(state): State<ApiState<F>>,
    origin: Origin,
    caller: Caller,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let name = fields.text(&["username"]).map(Zeroizing::new);
    let password = fields.text(&["password"]).map(Zeroizing::new);
    if name.is_none() && password.is_none() {
        return match fields.has("account_info") {
            true => Ok(Json(json!({ "ok": true, "message": NOT_KEPT }))),
            false => {
                Err(ApiError::bad_request("Send username or password, with current_password."))
            }
        };
    }
    proof::of_owner(&state, origin, &caller, &fields, "current_password").await?;
    let now_ms = state.clock.now().wall_ms;
    let accounts = &state.accounts;
    if let Some(password) = &password {
        let known = name.as_ref().unwrap_or(&caller.name);
        check_new_password(known, password)?;
    }
    if let Some(name) = &name {
        accounts.rename(caller.account, name, caller.who(), now_ms).await?;
    }
    if let Some(password) = password {
        accounts.set_password(caller.account, password, caller.who(), now_ms).await?;
    }
    if fields.flag(&["invalidate_tokens"]).unwrap_or(false) {
        accounts.revoke_all(caller.account, caller.who(), now_ms).await?;
    }
    Ok(Json(
        json!({ "ok": true, "message": "Changed. Who is logged in is shown under the old name until the next login." }),
    ))
}

async fn end<F: Fleet>(
    State(state): State<ApiState<F>>,
    origin: Origin,
    caller: Caller,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    proof::of_owner(&state, origin, &caller, &fields, "password").await?;
    let devices = state.store.devices().list(caller.account).await?;
    let now_ms = state.clock.now().wall_ms;
    if !state.accounts.remove(caller.account, caller.who(), now_ms).await? {
        return Err(ApiError::new(
            StatusCode::CONFLICT,
            "This account owns products or organisations: give them away or remove them first.",
        ));
    }
    devices.iter().for_each(|device| state.fleet.owner_changed(device.id));
    Ok(Json(json!({ "ok": true, "message": "The account is gone." })))
}

async fn register<F: Fleet>(
    State(state): State<ApiState<F>>,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    if !state.registration {
        return Err(ApiError::forbidden(
            "Nobody can register here: ask the server's operator for an account.",
        ));
    }
    let name = fields.text(&["username"]).ok_or_else(|| invalid_request("username"))?;
    let password = fields.text(&["password"]).ok_or_else(|| invalid_request("password"))?;
    let (name, password) = (Zeroizing::new(name), Zeroizing::new(password));
    check_new_password(&name, &password)?;
    state.accounts.create(&name, password, None, state.clock.now().wall_ms).await?;
    Ok(Json(json!({ "ok": true })))
}

/// No address of anybody is kept, so nothing can be sent: the answer is the same for every name, and nothing is looked up.
async fn reset() -> Json<Value> {
    let message = "This server keeps no e-mail addresses: ask its operator, who sets a new password with `pintle user reset`.";
    Json(json!({ "ok": true, "message": message }))
}
