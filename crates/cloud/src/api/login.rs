//! `POST /oauth/token`: the password grant (RFC 6749 4.3), as forms or JSON, with the second step that clients know.
//!
//! 1. [`password`]: name and password. An account without a second factor gets its token.
//! 2. Otherwise the answer is 403 `mfa_required` with an `mfa_token`, and [`second_factor`] takes that with a code, as
//!    grant `urn:custom:mfa-otp`.
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
use crate::account::{AccountError, AccountId, Grant, IssuedToken, Lifetime, NameHash};
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
            .takes("expires_in", Kind::Integer)
            .takes("mfa_token", Kind::Text)
            .takes("otp", Kind::Text)
            .fails(&[403]),
    ]
}

async fn grant<F: Fleet>(
    State(state): State<ApiState<F>>,
    origin: Origin,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let grant = match fields.text(&["grant_type"]).as_deref() {
        Some("password") => password(&state, origin, &fields).await?.settle(&state).await?,
        Some(SECOND_FACTOR_GRANT) => second_factor(&state, &fields).await?,
        Some(other) => {
            let text =
                format!("This server does not know the grant {other:?}: it takes \"password\".");
            return Err(ApiError::coded(StatusCode::BAD_REQUEST, "unsupported_grant_type", text));
        }
        None => return Err(invalid_request("grant_type")),
    };
    let issued = state.accounts.issue(&grant, state.clock.now().wall_ms).await?;
    Ok(Json(answer(&issued)))
}

/// The grant with which clients bring the code of a second factor.
pub(super) const SECOND_FACTOR_GRANT: &str = "urn:custom:mfa-otp";

/// What somebody with a right password would be granted. Whoever may need a second factor for it, too: the way to the
/// grant is [`RightPassword::settle`].
pub(super) struct RightPassword(Grant);

impl RightPassword {
    /// Shapes what would be granted: scopes, a product, a refresh token.
    pub(super) fn shape(&mut self) -> &mut Grant {
        &mut self.0
    }

    /// The grant, where the account has no second factor.
    ///
    /// # Errors
    /// Where it has one, 403 `mfa_required` with the token for [`second_factor`], in which the shaped grant lies sealed.
    pub(super) async fn settle<F: Fleet>(self, state: &ApiState<F>) -> Result<Grant, ApiError> {
        if !state.accounts.has_second_factor(self.0.account).await? {
            return Ok(self.0);
        }
        let token = state.accounts.challenge(&self.0, state.clock.now().wall_ms)?;
        let text = "This account has a second factor: send its code, or a recovery code.";
        let required = ApiError::coded(StatusCode::FORBIDDEN, "mfa_required", text);
        Err(required.with("mfa_token", token.as_str()))
    }
}

/// The first step of the password grant: name and password.
///
/// # Errors
/// 400 `invalid_request` or `invalid_grant`, 429.
pub(super) async fn password<F: Fleet>(
    state: &ApiState<F>,
    origin: Origin,
    fields: &Fields,
) -> Result<RightPassword, ApiError> {
    let name = fields.text(&["username"]).ok_or_else(|| invalid_request("username"))?;
    let password = fields.text(&["password"]).ok_or_else(|| invalid_request("password"))?;
    let lifetime = lifetime(fields)?;
    let client = fields.text(&["client_id"]).unwrap_or_default();
    let account = right_password(state, origin, &name, Zeroizing::new(password)).await?;
    Ok(RightPassword(Grant { lifetime, ..Grant::new(account, &name, &client) }))
}

/// The second step: a code, with the token of the first.
///
/// # Errors
/// 400 `invalid_request` or `invalid_grant`, 429.
pub(super) async fn second_factor<F: Fleet>(
    state: &ApiState<F>,
    fields: &Fields,
) -> Result<Grant, ApiError> {
    let token = fields.text(&["mfa_token"]).ok_or_else(|| invalid_request("mfa_token"))?;
    let code = fields.text(&["otp"]).ok_or_else(|| invalid_request("otp"))?;
    let code = Zeroizing::new(code);
    let client = fields.text(&["client_id"]).unwrap_or_default();
    let now_ms = state.clock.now().wall_ms;
    Ok(state.accounts.answer_challenge(&token, &client, &code, now_ms).await?)
}

/// Whose name and password these are.
async fn right_password<F: Fleet>(
    state: &ApiState<F>,
    origin: Origin,
    name: &str,
    password: Zeroizing<String>,
) -> Result<AccountId, ApiError> {
    let key = state.accounts.name_hash(name);
    throttled(state, origin, &key, state.accounts.check(name, password)).await
}

/// Looks at a password of the account of this name, unless too many wrong ones came from there or for it lately. A try is
/// charged before it is looked at, and forgiven when it was right.
pub(super) async fn throttled<F: Fleet, T>(
    state: &ApiState<F>,
    origin: Origin,
    account: &NameHash,
    check: impl Future<Output = Result<Option<T>, AccountError>>,
) -> Result<T, ApiError> {
    let now = state.clock.now();
    let guards = &state.guards;
    let locked = guards.sources.locked_for(&origin, now.since_start);
    if let Some(left) = locked.max(guards.accounts.locked_for(account, now.since_start)) {
        return Err(ApiError::too_many(left.as_secs().max(1)));
    }
    guards.sources.charge(&origin, now.since_start);
    guards.accounts.charge(account, now.since_start);
    let Some(right) = check.await? else {
        return Err(ApiError::coded(
            StatusCode::BAD_REQUEST,
            "invalid_grant",
            "User credentials are invalid",
        ));
    };
    guards.sources.forgive(&origin);
    guards.accounts.forgive(account);
    Ok(right)
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

pub(super) fn invalid_request(field: &str) -> ApiError {
    let text = format!("The field {field} is missing or not what it must be.");
    ApiError::coded(StatusCode::BAD_REQUEST, "invalid_request", text)
}
