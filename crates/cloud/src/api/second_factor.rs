//! `/v1/user/mfa-enable`, `/v1/user/mfa-disable`, `/v1/user/step-up`, `/v1/user/recovery-codes`: the caller's own second
//! factor.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::body::Fields;
use super::error::{ApiError, not_fresh};
use super::login::invalid_request;
use super::route::{Kind, Needs, Route, get, post, put};
use super::{ApiState, Fleet, proof};
use crate::account::{Caller, FRESH_FOR, Freshness, ProofError, RecoveryCodes, Scope};
use crate::clock::iso8601;
use crate::guard::Origin;

pub(super) fn routes<F: Fleet>() -> Vec<Route<F>> {
    let own = Needs::Own(Scope::AccountUpdate);
    vec![
        get("/v1/user/mfa-enable", own, offer::<F>)
            .says("Offers the caller a second factor: a seed for an authenticator program.")
            .fails(&[400, 409]),
        post("/v1/user/mfa-enable", own, enrol::<F>)
            .says("Takes the offered second factor into use, with its first code.")
            .asks("mfa_token", Kind::Text)
            .asks("otp", Kind::Text)
            .takes("invalidate_tokens", Kind::Flag)
            .fails(&[409]),
        put("/v1/user/mfa-disable", own, disable::<F>)
            .says("Takes the caller's second factor away.")
            .asks("current_password", Kind::Text)
            .takes("otp", Kind::Text),
        post("/v1/user/step-up", own, step_up::<F>)
            .says("Proves the second factor again, for what needs a fresh one.")
            .asks("otp", Kind::Text),
        post("/v1/user/recovery-codes", own, renew_codes::<F>)
            .says("Gives the caller other recovery codes in the place of the old ones.")
            .fresh()
            .fails(&[400]),
    ]
}

async fn offer<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
) -> Result<Json<Value>, ApiError> {
    if state.accounts.has_second_factor(caller.account).await? {
        return Err(ProofError::Enrolled.into());
    }
    let now_ms = state.clock.now().wall_ms;
    let offer = state.accounts.offer_second_factor(caller.account, &caller.name, now_ms)?;
    Ok(Json(json!({
        "ok": true,
        "mfa_token": offer.token.as_str(),
        "secret": offer.secret.as_str(),
        "qr_url": offer.uri.as_str(),
    })))
}

async fn enrol<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let token = text(&fields, "mfa_token")?;
    let code = text(&fields, "otp")?;
    let now_ms = state.clock.now().wall_ms;
    let codes = state.accounts.enrol(caller.account, &token, &code, now_ms).await?;
    if fields.flag(&["invalidate_tokens"]).unwrap_or(false) {
        state.accounts.revoke_all(caller.account, caller.who(), now_ms).await?;
    } else {
        state.accounts.step_up(&caller, now_ms).await?;
    }
    Ok(Json(json!({ "ok": true, "enrolled": true, "recovery_codes": shown(&codes) })))
}

async fn disable<F: Fleet>(
    State(state): State<ApiState<F>>,
    origin: Origin,
    caller: Caller,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    proof::of_owner(&state, origin, &caller, &fields, "current_password").await?;
    let now_ms = state.clock.now().wall_ms;
    match state.accounts.remove_second_factor(caller.account, caller.who(), now_ms).await? {
        true => Ok(Json(json!({ "ok": true }))),
        false => Err(ApiError::bad_request("This account has no second factor.")),
    }
}

async fn step_up<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let code = text(&fields, "otp")?;
    let now_ms = state.clock.now().wall_ms;
    if !state.accounts.has_second_factor(caller.account).await? {
        return Err(not_fresh(Freshness::NotEnrolled).unwrap_or_else(ApiError::internal));
    }
    state.accounts.prove(caller.account, &code, now_ms).await?;
    if !state.accounts.step_up(&caller, now_ms).await? {
        return Err(ApiError::unauthorized());
    }
    let fresh_for = i64::try_from(FRESH_FOR.as_millis()).unwrap_or(0);
    Ok(Json(json!({ "ok": true, "fresh_until": iso8601(now_ms.saturating_add(fresh_for)) })))
}

async fn renew_codes<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
) -> Result<Json<Value>, ApiError> {
    let now_ms = state.clock.now().wall_ms;
    let codes = state.accounts.renew_recovery_codes(caller.account, now_ms).await?;
    Ok(Json(json!({ "ok": true, "recovery_codes": shown(&codes) })))
}

fn shown(codes: &RecoveryCodes) -> Vec<&str> {
    codes.iter().collect()
}

fn text(fields: &Fields, name: &'static str) -> Result<Zeroizing<String>, ApiError> {
    fields.text(&[name]).map(Zeroizing::new).ok_or_else(|| invalid_request(name))
}
