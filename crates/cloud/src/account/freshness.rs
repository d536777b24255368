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
    /// What an account with or without a second factor has, whose token stands for a proof at that time, in milliseconds
    /// since 1970.
    #[must_use]
    pub fn of(enrolled: bool, proven_at_ms: Option<i64>, now_ms: i64) -> Self {
        // A proof from the future is none: the clock was set back, and nothing says how far.
        let age = proven_at_ms.and_then(|at| u64::try_from(now_ms.checked_sub(at)?).ok());
        match age {
            _ if !enrolled => Self::NotEnrolled,
            Some(age) if Duration::from_millis(age) < FRESH_FOR => Self::Fresh,
            _ => Self::Stale,
        }
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
        Ok(Freshness::of(self.has_second_factor(account).await?, proven_at_ms, now_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000;

    #[test]
    fn p9_a_proof_is_fresh_for_ten_minutes_and_not_a_moment_longer() {
        let aged = |ms: i64| Freshness::of(true, Some(NOW - ms), NOW);
        assert_eq!(aged(0), Freshness::Fresh);
        assert_eq!(aged(599_999), Freshness::Fresh);
        assert_eq!(aged(600_000), Freshness::Stale);
        assert_eq!(aged(-1), Freshness::Stale);
        assert_eq!(Freshness::of(true, Some(i64::MIN), NOW), Freshness::Stale);
        assert_eq!(Freshness::of(true, None, NOW), Freshness::Stale);
    }

    #[test]
    fn p9_who_has_no_second_factor_any_more_has_no_fresh_one() {
        assert_eq!(Freshness::of(false, Some(NOW), NOW), Freshness::NotEnrolled);
    }
}
