//! Whether a caller proved a second factor lately enough for a dangerous act (promise P9): the one place that says so.

use std::time::Duration;

use super::{AccountError, AccountId, Accounts};

/// How long a second factor that was proven counts as fresh.
pub const FRESH_FOR: Duration = Duration::from_secs(600);

/// How fresh a caller's second factor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Proven less than ten minutes ago: at login, or since by `POST /v1/user/step-up`.
    Fresh,
    /// The account has one, and the token does not stand for a fresh proof of it.
    Stale,
    /// The account has none.
    NotEnrolled,
}

impl Freshness {
    /// Whether a proof at that time, in milliseconds since 1970, is fresh.
    #[must_use]
    pub fn is_fresh(proven_at_ms: Option<i64>, now_ms: i64) -> bool {
        // A proof from the future is none: the clock was set back, and nothing says how far.
        let age = proven_at_ms.and_then(|at| u64::try_from(now_ms.checked_sub(at)?).ok());
        age.is_some_and(|age| Duration::from_millis(age) < FRESH_FOR)
    }
}

impl Accounts {
    /// How fresh the second factor is that a token of this account stands for: for a caller, its
    /// `second_factor_at_ms`.
    ///
    /// # Errors
    /// [`AccountError`]
    pub async fn freshness(
        &self,
        account: AccountId,
        proven_at_ms: Option<i64>,
        now_ms: i64,
    ) -> Result<Freshness, AccountError> {
        // A proof is worth nothing once its factor was taken away: whoever lost it may be who holds the token.
        Ok(match self.has_second_factor(account).await? {
            false => Freshness::NotEnrolled,
            true if Freshness::is_fresh(proven_at_ms, now_ms) => Freshness::Fresh,
            true => Freshness::Stale,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000;

    #[test]
    fn p9_a_proof_is_fresh_for_ten_minutes_and_not_a_moment_longer() {
        let aged = |ms: i64| Freshness::is_fresh(Some(NOW - ms), NOW);
        assert!(aged(0) && aged(599_999));
        assert!(!aged(600_000) && !aged(-1));
        assert!(!Freshness::is_fresh(Some(i64::MIN), NOW));
        assert!(!Freshness::is_fresh(None, NOW));
    }
}
