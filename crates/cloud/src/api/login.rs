//! `POST /oauth/token`: the password grant (RFC 6749 4.3), as forms or JSON.
//!
//! Clients are public: any client id is taken, secrets say nothing. An attempt is charged to its source and its
//! account before the password is looked at, and forgiven when it was right.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::body::Fields;
use super::error::ApiError;
use super::route::{Kind, Needs, Route, post};
use super::source::Origin;
use super::{ApiState, Fleet};
use crate::account::{Grant, IssuedToken, Lifetime};
use crate::clock::iso8601;

pub(super) fn routes<F: Fleet>() -> Vec<Route<F>> {
    vec![
        post("/oauth/token", Needs::Nothing, grant::<F>)
            .says("Gives a token for what proves who asks.")
            .asks("grant_type", Kind::Text)
            .takes("username", Kind::Text)
            .takes("password", Kind::Text)
            .takes("client_id", Kind::Text)
            .takes("client_secret", Kind::Text)
            .takes("expires_in", Kind::Integer),
    ]
}

async fn grant<F: Fleet>(
    State(state): State<ApiState<F>>,
    origin: Origin,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    match fields.text(&["grant_type"]).as_deref() {
        Some("password") => password(&state, origin, &fields).await,
        Some(other) => {
            let text =
                format!("This server does not know the grant {other:?}: it takes \"password\".");
            Err(ApiError::coded(StatusCode::BAD_REQUEST, "unsupported_grant_type", text))
        }
        None => Err(invalid_request("grant_type")),
    }
}

async fn password<F: Fleet>(
    state: &ApiState<F>,
    origin: Origin,
    fields: &Fields,
) -> Result<Json<Value>, ApiError> {
    let name = fields.text(&["username"]).ok_or_else(|| invalid_request("username"))?;
    let password = fields.text(&["password"]).ok_or_else(|| invalid_request("password"))?;
    let password = Zeroizing::new(password);
    let lifetime = lifetime(fields)?;
    let client = fields.text(&["client_id"]).unwrap_or_default();
    let account_key = state.accounts.name_hash(&name);
    let now = state.clock.now();

    let guards = &state.guards;
    let locked = guards.sources.locked_for(&origin, now.since_start);
    if let Some(left) = locked.max(guards.accounts.locked_for(&account_key, now.since_start)) {
        return Err(ApiError::too_many(left.as_secs().max(1)));
    }
    guards.sources.charge(&origin, now.since_start);
    guards.accounts.charge(&account_key, now.since_start);
    let Some(account) = state.accounts.check(&name, password).await? else {
        return Err(ApiError::coded(
            StatusCode::BAD_REQUEST,
            "invalid_grant",
            "User credentials are invalid",
        ));
    };
    guards.sources.forgive(&origin);
    guards.accounts.forgive(&account_key);

    let grant = Grant { lifetime, ..Grant::new(account, &name, &client) };
    Ok(Json(answer(&state.accounts.issue(&grant, now.wall_ms).await?)))
}

/// The answer of RFC 6749 5.1, with what clients of device clouds read beyond it.
pub(super) fn answer(issued: &IssuedToken) -> Value {
    let mut answer = json!({
        "access_token": issued.token.reveal().as_str(),
        "token_type": "bearer",
        "expires_in": issued.lifetime.seconds(),
        "expires_at": (issued.expires_at_ms != i64::MAX).then(|| iso8601(issued.expires_at_ms)),
        "scope": issued.scopes.to_string(),
    });
    if let (Some(refresh), Some(fields)) = (&issued.refresh, answer.as_object_mut()) {
        fields.insert("refresh_token".to_owned(), json!(refresh.reveal().as_str()));
    }
    answer
}

fn lifetime(fields: &Fields) -> Result<Lifetime, ApiError> {
    match fields.text(&["expires_in"]) {
        None => Ok(Lifetime::asked(None)),
        Some(text) => match text.trim().parse() {
            Ok(seconds) => Ok(Lifetime::asked(Some(seconds))),
            Err(_) => Err(invalid_request("expires_in")),
        },
    }
}

fn invalid_request(field: &str) -> ApiError {
    let text = format!("The field {field} is missing or not what it must be.");
    ApiError::coded(StatusCode::BAD_REQUEST, "invalid_request", text)
}
