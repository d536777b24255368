//! What a person proves before they change their own account: that they know its password, and where it has a second
//! factor, that they have that, too.
//!
//! The code may come in the same request, as `otp`; clients that cannot ask for one count on a login or a step-up of the
//! last ten minutes.

use zeroize::Zeroizing;

use super::body::Fields;
use super::error::{ApiError, not_fresh};
use super::{ApiState, Fleet, login};
use crate::account::{Caller, Freshness};
use crate::guard::Origin;

/// Whether the caller may change their own account; the password is in the first of these fields.
///
/// # Errors
/// 400 where it is missing or wrong, 403 where a second factor is missing, 429.
pub(super) async fn of_owner<F: Fleet>(
    state: &ApiState<F>,
    origin: Origin,
    caller: &Caller,
    fields: &Fields,
    password: &'static str,
) -> Result<(), ApiError> {
    let typed = fields.text(&[password]).ok_or_else(|| login::invalid_request(password))?;
    let key = state.accounts.name_hash(&caller.name);
    let check = async {
        let right = state.accounts.check_own(caller.account, Zeroizing::new(typed)).await?;
        Ok(right.then_some(caller.account))
    };
    login::throttled(state, origin, &key, check).await?;
    let now_ms = state.clock.now().wall_ms;
    let proven = caller.second_factor_at_ms;
    match state.accounts.freshness(caller.account, proven, now_ms).await? {
        Freshness::Fresh | Freshness::NotEnrolled => Ok(()),
        Freshness::Stale => match fields.text(&["otp"]) {
            Some(code) => {
                let code = Zeroizing::new(code);
                Ok(state.accounts.prove(caller.account, &code, now_ms).await?)
            }
            None => not_fresh(Freshness::Stale).map_or(Ok(()), Err),
        },
    }
}
