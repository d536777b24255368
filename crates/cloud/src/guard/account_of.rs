//! Whose a token is, for those that proved good: so that an account is counted before the store is asked about its token.
//!
//! As many as there is room for. One whose place another took is counted by itself until it proves good again.

use std::sync::atomic::{AtomicU64, Ordering};

use super::ledger::Name;

/// Names of accounts by names of tokens.
pub(super) struct Accounts {
    places: Box<[Place]>,
}

/// The name of the account, and both names combined: what does not fit together is a place half written, or another's.
#[derive(Default)]
struct Place {
    account: AtomicU64,
    both: AtomicU64,
}

impl Accounts {
    pub(super) fn new(tokens: usize) -> Self {
        Self { places: (0..tokens.max(1)).map(|_| Place::default()).collect() }
    }

    /// The account of a token.
    pub(super) fn of(&self, token: Name) -> Option<Name> {
        let place = self.place(token)?;
        let account = place.account.load(Ordering::Relaxed);
        (account != 0 && place.both.load(Ordering::Relaxed) == token.0 ^ account)
            .then_some(Name(account))
    }

    /// Remembers it.
    pub(super) fn note(&self, token: Name, account: Name) {
        if let Some(place) = self.place(token) {
            place.account.store(account.0, Ordering::Relaxed);
            place.both.store(token.0 ^ account.0, Ordering::Relaxed);
        }
    }

    /// Remembers it no more.
    pub(super) fn forget(&self, token: Name) {
        if self.of(token).is_some()
            && let Some(place) = self.place(token)
        {
            place.account.store(0, Ordering::Relaxed);
        }
    }

    fn place(&self, token: Name) -> Option<&Place> {
        let at = (u128::from(token.0) * self.places.len() as u128) >> 64;
        self.places.get(usize::try_from(at).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_its_accounts_until_another_takes_its_place() {
        let accounts = Accounts::new(1);
        assert!(accounts.of(Name(5)).is_none());
        accounts.note(Name(5), Name(70));
        assert!(accounts.of(Name(5)) == Some(Name(70)));
        assert!(accounts.of(Name(6)).is_none());
        accounts.note(Name(6), Name(71));
        assert!(accounts.of(Name(5)).is_none());
        accounts.forget(Name(5));
        assert!(accounts.of(Name(6)).is_some());
        accounts.forget(Name(6));
        assert!(accounts.of(Name(6)).is_none());
    }
}
