//! How long tokens live, and the most that an operator allows.

use std::time::Duration;

/// A day, in seconds.
const DAY: u64 = 24 * 3_600;
/// How long a token lives when its client does not say: 90 days, in seconds.
const DEFAULT_SECONDS: u64 = 90 * DAY;

/// How long a token lives, as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// So many seconds.
    Seconds(u64),
    /// For ever: clients ask for it with `expires_in=0`.
    Endless,
}

impl Lifetime {
    /// What a client asked for, in seconds: nothing gives 90 days, and 0 asks for one that never ends.
    #[must_use]
    pub fn asked(seconds: Option<u64>) -> Self {
        match seconds {
            None => Self::Seconds(DEFAULT_SECONDS),
            Some(0) => Self::Endless,
            Some(seconds) => Self::Seconds(seconds),
        }
    }

    /// In seconds, as answers say it: 0 stands for no end.
    #[must_use]
    pub fn seconds(self) -> u64 {
        match self {
            Self::Seconds(seconds) => seconds,
            Self::Endless => 0,
        }
    }

    /// When it ends if it begins at `now_ms`, in milliseconds since 1970; [`i64::MAX`] is never.
    #[must_use]
    pub fn ends_at_ms(self, now_ms: i64) -> i64 {
        match self {
            Self::Seconds(seconds) => i64::try_from(seconds)
                .map_or(i64::MAX, |seconds| now_ms.saturating_add(seconds.saturating_mul(1_000))),
            Self::Endless => i64::MAX,
        }
    }
}

/// What an operator allows. Every token is cut to it when it is made, whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// The longest that a token lives.
    pub most: Duration,
    /// Whether there are tokens without an end for those who ask for one.
    pub endless: bool,
    /// How long a refresh token waits to be used.
    pub refresh: Duration,
}

impl Default for Lifetimes {
    /// A year, no endless ones, 14 days.
    fn default() -> Self {
        let days = |days: u64| Duration::from_secs(days * DAY);
        Self { most: days(365), endless: false, refresh: days(14) }
    }
}

impl Lifetimes {
    /// As much as is allowed of what was asked for.
    #[must_use]
    pub fn cut(&self, asked: Lifetime) -> Lifetime {
        match asked {
            Lifetime::Endless if self.endless => Lifetime::Endless,
            Lifetime::Endless => Lifetime::Seconds(self.most.as_secs()),
            Lifetime::Seconds(seconds) => Lifetime::Seconds(seconds.min(self.most.as_secs())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p9_a_token_without_an_end_is_cut_to_the_most_unless_an_operator_allows_it() {
        let year = Lifetime::Seconds(365 * DAY);
        let strict = Lifetimes::default();
        assert_eq!(strict.cut(Lifetime::asked(Some(0))), year);
        assert_eq!(strict.cut(Lifetime::asked(Some(u64::MAX))), year);
        assert_eq!(strict.cut(Lifetime::asked(None)).seconds(), 7_776_000);
        let lenient = Lifetimes { endless: true, ..strict };
        assert_eq!(lenient.cut(Lifetime::asked(Some(0))), Lifetime::Endless);
        assert_eq!(lenient.cut(Lifetime::Seconds(u64::MAX)), year);
    }

    #[test]
    fn an_end_beyond_all_numbers_is_never() {
        assert_eq!(Lifetime::Seconds(2).ends_at_ms(1_000), 3_000);
        assert_eq!(Lifetime::Endless.ends_at_ms(5), i64::MAX);
        assert_eq!(Lifetime::Seconds(u64::MAX).ends_at_ms(5), i64::MAX);
    }
}
