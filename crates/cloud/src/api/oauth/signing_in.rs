//! Who typed a name and a password into a page, or had a client send them: a person, or a customer of a product.
//!
//! Every try is charged where those of the password grant are.

use zeroize::Zeroizing;

use super::super::error::ApiError;
use super::super::{ApiState, Fleet, login};
use super::page::Typed;
use crate::account::{AccountId, Grant, Scopes};
use crate::guard::Origin;
use crate::product::ProductId;

/// What somebody allowed a client, who proved to be the one whose account it is.
pub(super) async fn granted<F: Fleet>(
    state: &ApiState<F>,
    origin: Origin,
    typed: Typed,
    client: &str,
    product: Option<ProductId>,
    scopes: Scopes,
) -> Result<Grant, ApiError> {
    let Typed { name, password, code } = typed;
    if let Some(product) = product {
        let account = customer(state, origin, product, &name, password).await?;
        let grant = Grant::for_customer(account, &name, client, product);
        return Ok(Grant { scopes, ..grant.refreshed_often() });
    }
    let account = login::right_password(state, origin, &name, password).await?;
    let second_factor_at_ms = second_factor(state, account, &code).await?;
    let grant = Grant { scopes, second_factor_at_ms, ..Grant::new(account, &name, client) };
    Ok(grant.refreshed_often())
}

/// When a second factor was proven, where the account has one.
async fn second_factor<F: Fleet>(
    state: &ApiState<F>,
    account: AccountId,
    code: &str,
) -> Result<Option<i64>, ApiError> {
    if !state.accounts.has_second_factor(account).await? {
        return Ok(None);
    }
    let now_ms = state.clock.now().wall_ms;
    if code.trim().is_empty() {
        let text = "This account has a second factor: type its code, or a recovery code, too.";
        return Err(ApiError::forbidden(text));
    }
    state.accounts.prove(account, code, now_ms).await?;
    Ok(Some(now_ms))
}

/// The customer of a product with this name and password.
pub(super) async fn customer<F: Fleet>(
    state: &ApiState<F>,
    origin: Origin,
    product: ProductId,
    name: &str,
    password: Zeroizing<String>,
) -> Result<AccountId, ApiError> {
    let key = state.accounts.customer_hash(product, name);
    let check = state.accounts.check_customer(product, name, password);
    login::throttled(state, origin, &key, check).await
}
