//! `/v1/secrets`: one-time secrets, which the server passes on without being able to open them (see [`crate::secret`]).
//!
//! `find` is the half of a secret's id that the server is told, `reader` a random mark that whoever fetches makes: with the
//! same mark the same secret can be fetched again for some minutes, should the first answer get lost. Both are 64 hex
//! digits. In lists a secret is named by the beginning of a hash, which finds nothing.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::address::Path;
use super::body::Fields;
use super::error::ApiError;
use super::route::{Kind, Needs, Route, delete, get, post};
use super::{ApiState, Fleet};
use crate::account::{AccountId, Caller, Scope};
use crate::audit::Act;
use crate::clock::iso8601;
use crate::secret::{Fingerprint, digest, sealed};
use crate::store::secret::{Fetch, NewSecret, SecretRow, Sent};

mod keys;

/// How long a secret waits when its sender does not say, in seconds.
const DEFAULT_SECONDS: i64 = 24 * 3_600;
/// How long it may wait, in seconds.
const SECONDS: std::ops::RangeInclusive<i64> = 60..=30 * 24 * 3_600;
/// What wrapping adds, in bytes.
const WRAPPING: usize = 28;

pub(super) fn routes<F: Fleet>() -> Vec<Route<F>> {
    let own = vec![
        get("/v1/secrets", Needs::Own(Scope::SecretsGet), list)
            .says("Lists the secrets that the caller sent and was sent, and when they were read."),
        post("/v1/secrets", Needs::Own(Scope::SecretsSend), send)
            .says("Sends a secret that was sealed to a key of its recipient.")
            .asks("to", Kind::Text)
            .asks("fingerprint", Kind::Text)
            .asks("find", Kind::Text)
            .asks("sealed", Kind::Text)
            .takes("expires_in", Kind::Integer)
            .fails(&[404, 409, 413]),
        post("/v1/secrets/read", Needs::Own(Scope::SecretsGet), read)
            .says("Fetches a secret, once.")
            .asks("find", Kind::Text)
            .asks("fingerprint", Kind::Text)
            .asks("reader", Kind::Text)
            .fails(&[404, 409, 410]),
        post("/v1/secrets/confirm", Needs::Own(Scope::SecretsGet), confirm)
            .says("Destroys a secret that was fetched with this mark.")
            .asks("find", Kind::Text)
            .asks("reader", Kind::Text)
            .fails(&[404]),
        delete("/v1/secrets/{secret}", Needs::Own(Scope::SecretsSend), drop_waiting)
            .says("Drops a secret that waits, sent by the caller or to the caller.")
            .fails(&[404]),
    ];
    own.into_iter().chain(keys::routes()).collect()
}

/// `GET /v1/secrets`.
async fn list<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
) -> Result<Json<Value>, ApiError> {
    let now_ms = state.clock.now().wall_ms;
    let rows = state.store.secrets().list(caller.account).await?;
    let shown: Vec<Value> = rows.iter().map(|row| shown(row, caller.account, now_ms)).collect();
    Ok(Json(json!({ "secrets": shown })))
}

/// `POST /v1/secrets`.
async fn send<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let recipient = recipient(&state, &fields).await?;
    let now_ms = state.clock.now().wall_ms;
    let seconds = fields.number(&["expires_in"])?.unwrap_or(DEFAULT_SECONDS);
    if !SECONDS.contains(&seconds) {
        return Err(ApiError::bad_request("A secret waits for 60 seconds to 30 days."));
    }
    let find_hash = digest(&digits(&fields, "find")?);
    let new = NewSecret {
        find_hash,
        sender: caller.account,
        recipient,
        fingerprint: fingerprint(&fields)?,
        wrapped: wrapped(&fields)?,
        sent_at_ms: now_ms,
        expires_at_ms: now_ms.saturating_add(seconds * 1_000),
    };
    let act = act("secret.sent", &caller, now_ms, &find_hash);
    match state.store.secrets().send(&new, act).await? {
        Sent::Sent => Ok(Json(json!({
            "ok": true,
            "id": name(&find_hash),
            "expires_at": iso8601(new.expires_at_ms),
        }))),
        Sent::NoKey => Err(keys::no_key()),
        Sent::TooMany => Err(ApiError::new(
            StatusCode::CONFLICT,
            "Too many secrets wait already: some have to be read or dropped first.",
        )),
        Sent::Exists => {
            Err(ApiError::new(StatusCode::CONFLICT, "There is a secret under this id already."))
        }
    }
}

/// `POST /v1/secrets/read`.
async fn read<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let now_ms = state.clock.now().wall_ms;
    let fetch = Fetch {
        find_hash: digest(&digits(&fields, "find")?),
        recipient: caller.account,
        fingerprint: fingerprint(&fields)?,
        reader_hash: digest(&digits(&fields, "reader")?),
        at_ms: now_ms,
    };
    let secrets = state.store.secrets();
    let act = act("secret.read", &caller, now_ms, &fetch.find_hash);
    let fetched = secrets.fetch(&fetch, act.clone()).await?;
    let row = secrets.find(&fetch.find_hash).await?;
    let Some(row) = row.filter(|row| row.recipient == caller.account) else {
        state.store.note(act.refused("not for this account"));
        return Err(no_secret());
    };
    match fetched {
        Some(wrapped) => Ok(Json(json!({
            "ok": true,
            "sealed": STANDARD.encode(wrapped),
            "from": row.sender.handle(),
            "sent_at": iso8601(row.sent_at_ms),
        }))),
        None => {
            state.store.note(act.refused("not to be had"));
            Err(why_not(&row, fetch.fingerprint, now_ms))
        }
    }
}

/// `POST /v1/secrets/confirm`.
async fn confirm<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let find_hash = digest(&digits(&fields, "find")?);
    let reader_hash = digest(&digits(&fields, "reader")?);
    let act = act("secret.destroyed", &caller, state.clock.now().wall_ms, &find_hash);
    match state.store.secrets().confirm(&find_hash, &reader_hash, caller.account, act).await? {
        true => Ok(Json(json!({ "ok": true }))),
        false => Err(no_secret()),
    }
}

/// `DELETE /v1/secrets/{secret}`.
async fn drop_waiting<F: Fleet>(
    State(state): State<ApiState<F>>,
    caller: Caller,
    Path(named): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let now_ms = state.clock.now().wall_ms;
    let rows = state.store.secrets().list(caller.account).await?;
    let row = rows.into_iter().find(|row| name(&row.find_hash) == named).ok_or_else(no_secret)?;
    let act = act("secret.dropped", &caller, now_ms, &row.find_hash);
    match state.store.secrets().drop_waiting(&row.find_hash, now_ms, act).await? {
        true => Ok(Json(json!({ "ok": true }))),
        false => Err(no_secret()),
    }
}

/// The account that the field `to` names. Who is not here and who has no key are told apart by nothing.
async fn recipient<F: Fleet>(state: &ApiState<F>, fields: &Fields) -> Result<AccountId, ApiError> {
    let to = fields.text(&["to"]).ok_or_else(|| missing("to"))?;
    state.accounts.find(&to).await?.ok_or_else(keys::no_key)
}

fn fingerprint(fields: &Fields) -> Result<Fingerprint, ApiError> {
    let text = fields.text(&["fingerprint"]).ok_or_else(|| missing("fingerprint"))?;
    text.parse().map_err(|_| ApiError::bad_request("A fingerprint has 64 hex digits."))
}

/// A field of 64 hex digits.
fn digits(fields: &Fields, field: &'static str) -> Result<[u8; 32], ApiError> {
    let text = fields.text(&[field]).ok_or_else(|| missing(field))?;
    let read: Result<Fingerprint, _> = text.parse();
    read.map(|bytes| bytes.0)
        .map_err(|_| ApiError::bad_request(format!("The field {field} has 64 hex digits.")))
}

fn wrapped(fields: &Fields) -> Result<Vec<u8>, ApiError> {
    let text = fields.text(&["sealed"]).ok_or_else(|| missing("sealed"))?;
    let bytes = STANDARD.decode(text.trim());
    let bytes = bytes.map_err(|_| ApiError::bad_request("The field sealed is not base64."))?;
    match bytes.len() {
        0..=WRAPPING => Err(ApiError::bad_request("The field sealed holds no sealed secret.")),
        length if length > sealed::MAX_SEALED + WRAPPING => {
            Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "A secret has 32 KiB at most."))
        }
        _ => Ok(bytes),
    }
}

fn missing(field: &str) -> ApiError {
    ApiError::bad_request(format!("The field {field} is missing."))
}

fn no_secret() -> ApiError {
    ApiError::not_found("There is no such secret for you.")
}

/// Why a secret of the caller's is not to be had.
fn why_not(row: &SecretRow, held: Fingerprint, now_ms: i64) -> ApiError {
    let gone = |text: String| ApiError::coded(StatusCode::GONE, "gone", text);
    match (row.read_at_ms, row.ended_at_ms) {
        (Some(at), _) => gone(format!("This secret was read at {}: it is gone.", iso8601(at))),
        (None, Some(at)) => gone(format!("This secret was dropped at {}.", iso8601(at))),
        (None, None) if row.expires_at_ms <= now_ms => {
            gone(format!("This secret expired at {}: nobody read it.", iso8601(row.expires_at_ms)))
        }
        (None, None) if row.fingerprint != held => ApiError::coded(
            StatusCode::CONFLICT,
            "other_key",
            format!("This secret is sealed to another key of yours: {}.", row.fingerprint),
        ),
        (None, None) => no_secret(),
    }
}

/// How a secret is named in lists and in the audit log.
fn name(find_hash: &[u8; 32]) -> String {
    find_hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}

fn act(what: &'static str, caller: &Caller, at_ms: i64, find_hash: &[u8; 32]) -> Act {
    Act::new(what, caller.who(), at_ms).on("secret", name(find_hash)).from_token(caller.mark())
}

fn shown(row: &SecretRow, reader: AccountId, now_ms: i64) -> Value {
    let state = match (row.read_at_ms, row.ended_at_ms) {
        (Some(_), _) => "read",
        (None, Some(_)) => "dropped",
        (None, None) if row.expires_at_ms <= now_ms => "expired",
        (None, None) => "waiting",
    };
    json!({
        "id": name(&row.find_hash),
        "sent": row.sender == reader,
        "received": row.recipient == reader,
        "from": row.sender.handle(),
        "to": row.recipient.handle(),
        "fingerprint": row.fingerprint.hex(),
        "state": state,
        "sent_at": iso8601(row.sent_at_ms),
        "expires_at": iso8601(row.expires_at_ms),
        "read_at": row.read_at_ms.map(iso8601),
        "dropped_at": row.ended_at_ms.map(iso8601),
    })
}
