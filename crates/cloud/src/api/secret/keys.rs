//! `/v1/secrets/keys`: the public keys that the caller is sent secrets under, and looking up somebody else's.
//!
//! A name is looked up with a POST, so that it is in no address and in no log of one.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{missing, recipient};
use crate::account::{Caller, Scope};
use crate::api::address::Path;
use crate::api::body::Fields;
use crate::api::error::{ApiError, sentence};
use crate::api::route::{Kind, Needs, Route, delete, get, post};
use crate::api::{ApiState, Fleet};
use crate::audit::Act;
use crate::clock::iso8601;
use crate::secret::{Fingerprint, RecipientKey};
use crate::store::secret::{AddKey, KeyRow, MAX_KEYS};

pub(super) fn routes<F: Fleet>() -> Vec<Route<F>> {
    vec![
        get("/v1/secrets/keys", Needs::Own(Scope::SecretsGet), list)
            .says("Lists the keys that the caller is sent secrets under."),
        post("/v1/secrets/keys", Needs::Own(Scope::SecretsGet), add)
            .fresh()
            .says("Registers a public key to be sent secrets under.")
            .asks("public_key", Kind::Text)
            .fails(&[409]),
        delete("/v1/secrets/keys/{fingerprint}", Needs::Own(Scope::SecretsGet), remove)
            .says("Removes one of the caller's keys.")
            .fails(&[404]),
        post("/v1/secrets/recipient", Needs::Own(Scope::SecretsSend), find)
            .says("Finds the keys of whom a secret is for; their fingerprint is to be confirmed by another way.")
            .asks("to", Kind::Text)
            .fails(&[404]),
    ]
}

/// `GET /v1/secrets/keys`.
async fn list<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
) -> Result<Json<Value>, ApiError> {
    let rows = state.store.secret_keys().list(caller.account).await?;
    Ok(Json(json!({ "keys": rows.iter().filter_map(shown).collect::<Vec<_>>() })))
}

/// `POST /v1/secrets/keys`.
async fn add<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let text = fields.text(&["public_key"]).ok_or_else(|| missing("public_key"))?;
    let key = RecipientKey::read(text.as_bytes())
        .map_err(|error| ApiError::bad_request(sentence(&error)))?;
    let now_ms = state.clock.now().wall_ms;
    let act = act("secret_key.added", &caller, now_ms, key.fingerprint());
    match state.store.secret_keys().add(caller.account, &key, now_ms, act).await? {
        AddKey::Added | AddKey::Same => Ok(Json(json!({
            "ok": true,
            "fingerprint": key.fingerprint().hex(),
            "algorithm": key.kind().to_string(),
        }))),
        AddKey::TooMany => Err(ApiError::new(
            StatusCode::CONFLICT,
            format!("You have {MAX_KEYS} keys, the most you may: remove one first."),
        )),
    }
}

/// `DELETE /v1/secrets/keys/{fingerprint}`.
async fn remove<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    Path(named): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let named: Fingerprint = named.parse().map_err(|_| no_such_key())?;
    let act = act("secret_key.removed", &caller, state.clock.now().wall_ms, named);
    match state.store.secret_keys().remove(caller.account, named, act).await? {
        true => Ok(Json(json!({ "ok": true }))),
        false => Err(no_such_key()),
    }
}

/// `POST /v1/secrets/recipient`.
async fn find<F: Fleet>(
    State(state): State<ApiState<F>>,
    _: Caller,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let account = recipient(&state, &fields).await?;
    let rows = state.store.secret_keys().list(account).await?;
    let keys: Vec<Value> = rows.iter().filter_map(shown).collect();
    if keys.is_empty() {
        return Err(no_key());
    }
    Ok(Json(json!({ "ok": true, "to": account.handle(), "keys": keys })))
}

/// Nobody here, or nobody with a key: told apart by nothing.
pub(super) fn no_key() -> ApiError {
    ApiError::not_found(
        "There is no such key: whom it is for has to register one first, with `pintle secret key add`.",
    )
}

fn no_such_key() -> ApiError {
    ApiError::not_found("You have no key with this fingerprint.")
}

fn act(what: &'static str, caller: &Caller, at_ms: i64, key: Fingerprint) -> Act {
    Act::new(what, caller.who(), at_ms).on("secret_key", key.hex()).from_token(caller.mark())
}

fn shown(row: &KeyRow) -> Option<Value> {
    let key = RecipientKey::from_spki(&row.spki).ok()?;
    Some(json!({
        "fingerprint": row.fingerprint.hex(),
        "algorithm": key.kind().to_string(),
        "public_key": key.to_pem(),
        "added_at": iso8601(row.added_at_ms),
    }))
}
