//! The password grant (RFC 6749 4.3), which `POST /oauth/token` hands on to here, with the second step that clients know.
//!
//! 1. [`password`]: name and password. An account without a second factor gets its token.
//! 2. Otherwise the answer is 403 `mfa_required` with an `mfa_token`, and [`second_factor`] takes that with a code, as
//!    grant `urn:custom:mfa-otp`.
//!
//! An attempt is charged to its source and its account before the password is looked at, and forgiven when it was
//! right ([`crate::guard::Logins`]).

use axum::http::StatusCode;
use zeroize::Zeroizing;

use super::body::Fields;
use super::error::ApiError;
use super::oauth::lifetime;
use super::{ApiState, Fleet};
use crate::account::{AccountError, AccountId, Grant, NameHash};
use crate::audit::{Act, Who};
use crate::guard::{Behind, Origin};
use crate::weakened::{self, Weakness};

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
        let is_skipped = weakened::is(Weakness::FactorsSkipped);
        if is_skipped || !state.accounts.has_second_factor(self.0.account).await? {
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
    let client = fields.text(&["client_id"]).unwrap_or_default();
    let account = right_password(state, origin, &name, Zeroizing::new(password)).await?;
    let grant = Grant::new(account, &name, &client);
    Ok(RightPassword(Grant { lifetime: lifetime(fields)?.unwrap_or(grant.lifetime), ..grant }))
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
pub(super) async fn right_password<F: Fleet>(
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
    let now = state.clock.now().since_start;
    let mut attempt = state.guard.logins().begin(origin, account, now)?;
    let turn = attempt.turn().await?;
    let checked = async {
        let behind = state.accounts.behind(account).await?;
        attempt.found(behind);
        Ok((behind, check.await?))
    };
    let checked: Result<_, AccountError> = checked.await;
    drop(turn);
    match checked {
        Ok((Behind::SecondFactor, Some(right))) => {
            attempt.was_right_so_far();
            Ok(right)
        }
        Ok((_, Some(right))) => {
            attempt.was_right();
            Ok(right)
        }
        Ok((Behind::Nobody, None)) if weakened::is(Weakness::NamesTold) => {
            Err(ApiError::oauth("invalid_grant", "There is no account of this name"))
        }
        Ok((_, None)) => {
            write_down(state, account).await?;
            Err(ApiError::oauth("invalid_grant", "User credentials are invalid"))
        }
        Err(error) => {
            attempt.was_not_looked_at();
            Err(error.into())
        }
    }
}

/// Whose password was guessed wrong; the same work where there is no such account.
async fn write_down<F: Fleet>(state: &ApiState<F>, name: &NameHash) -> Result<(), ApiError> {
    let found = state.store.accounts().find(&name.0).await?;
    let act = Act::new("login.refused", Who::Stranger, state.clock.now().wall_ms);
    state.store.note(match found {
        Some(row) => act.on("account", row.id.handle()).refused("wrong password"),
        None => act.refused("no such account"),
    });
    Ok(())
}

pub(super) fn invalid_request(field: &str) -> ApiError {
    let text = format!("The field {field} is missing or not what it must be.");
    ApiError::coded(StatusCode::BAD_REQUEST, "invalid_request", text)
}
