//! The password grant (RFC 6749 4.3), which `POST /oauth/token` hands on to here.
//!
//! An attempt is charged to its source and its account before the password is looked at, and forgiven when it was
//! right.

use zeroize::Zeroizing;

use super::body::Fields;
use super::error::ApiError;
use super::oauth::lifetime;
use super::source::Origin;
use super::{ApiState, Fleet};
use crate::account::{AccountId, Grant, NameHash};

/// The first step of the password grant: name and password.
pub(super) async fn password<F: Fleet>(
    state: &ApiState<F>,
    origin: Origin,
    fields: &Fields,
) -> Result<Grant, ApiError> {
    let name = fields.text(&["username"]).ok_or_else(|| invalid_request("username"))?;
    let password = fields.text(&["password"]).ok_or_else(|| invalid_request("password"))?;
    let client = fields.text(&["client_id"]).unwrap_or_default();
    let account = right_password(state, origin, &name, Zeroizing::new(password)).await?;
    let grant = Grant::new(account, &name, &client);
    Ok(Grant { lifetime: lifetime(fields)?.unwrap_or(grant.lifetime), ..grant })
}

/// Whose name and password these are.
pub(super) async fn right_password<F: Fleet>(
    state: &ApiState<F>,
    origin: Origin,
    name: &str,
    password: Zeroizing<String>,
) -> Result<AccountId, ApiError> {
    let key = state.accounts.name_hash(name);
    throttled(state, origin, key, state.accounts.check(name, password)).await
}

/// A try is charged before it is looked at.
pub(super) async fn throttled<F: Fleet>(
    state: &ApiState<F>,
    origin: Origin,
    key: NameHash,
    check: impl Future<Output = Result<Option<AccountId>, crate::account::AccountError>>,
) -> Result<AccountId, ApiError> {
    let now = state.clock.now();
    let guards = &state.guards;
    let locked = guards.sources.locked_for(&origin, now.since_start);
    if let Some(left) = locked.max(guards.accounts.locked_for(&key, now.since_start)) {
        return Err(ApiError::too_many(left.as_secs().max(1)));
    }
    guards.sources.charge(&origin, now.since_start);
    guards.accounts.charge(&key, now.since_start);
    let Some(account) = check.await? else {
        return Err(ApiError::oauth("invalid_grant", "User credentials are invalid"));
    };
    guards.sources.forgive(&origin);
    guards.accounts.forgive(&key);
    Ok(account)
}

fn invalid_request(field: &str) -> ApiError {
    let text = format!("The field {field} is missing or not what it must be.");
    ApiError::oauth("invalid_request", text)
}
