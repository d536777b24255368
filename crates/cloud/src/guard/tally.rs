//! What was refused, and why, in numbers.

use std::sync::atomic::{AtomicU64, Ordering};

/// Why something was refused before anybody looked at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// One address asked for too much.
    Address,
    /// One address asked for too much of one group of routes.
    Group,
    /// One account asked for too much.
    Account,
    /// One address was wrong too often when it logged in.
    LoginAddress,
    /// One account was tried wrongly too often.
    LoginAccount,
    /// Too many waited to have their passwords looked at.
    LoginLine,
    /// One address had too many connections.
    Connections,
    /// The head of a request was too large.
    Head,
    /// A TLS handshake failed, or did not end in time.
    Handshake,
    /// A client neither sent nor took anything for too long.
    Stalled,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Address,
        Self::Group,
        Self::Account,
        Self::LoginAddress,
        Self::LoginAccount,
        Self::LoginLine,
        Self::Connections,
        Self::Head,
        Self::Handshake,
        Self::Stalled,
    ];

    /// Its name in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Address => "address_quota",
            Self::Group => "group_quota",
            Self::Account => "account_quota",
            Self::LoginAddress => "login_address",
            Self::LoginAccount => "login_account",
            Self::LoginLine => "login_line_full",
            Self::Connections => "connections",
            Self::Head => "head_too_large",
            Self::Handshake => "tls_handshake",
            Self::Stalled => "stalled",
        }
    }
}

/// Refusals since the start, by reason.
#[derive(Debug, Default)]
pub struct Tally([AtomicU64; Reason::ALL.len()]);

impl Tally {
    /// Counts one.
    pub fn refused(&self, reason: Reason) {
        if let Some(count) = self.count_of(reason) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many there were.
    #[must_use]
    pub fn count(&self, reason: Reason) -> u64 {
        self.count_of(reason).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    fn count_of(&self, reason: Reason) -> Option<&AtomicU64> {
        let at = Reason::ALL.iter().position(|other| *other == reason)?;
        self.0.get(at)
    }
}
