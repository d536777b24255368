//! What a caller keeps open beyond one request (an event stream): so many an account, and none longer than its
//! token.
//!
//! A lease is held first and its token looked up again after that, so a token revoked in between is not missed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::{AccountError, AccountId, Accounts, Caller};
use crate::node_key::KEY_LENGTH;

/// Every lease of a node; clones share them. A few thousand at most (one a connection), so looking through all of
/// them when one is asked for or a token ends will do.
#[derive(Clone, Default)]
pub(super) struct Leases(Arc<Mutex<Table>>);

#[derive(Default)]
struct Table {
    next: u64,
    held: HashMap<u64, Held>,
}

struct Held {
    account: AccountId,
    token: [u8; KEY_LENGTH],
    ended: watch::Sender<bool>,
}

impl Leases {
    fn hold(
        &self,
        account: AccountId,
        token: [u8; KEY_LENGTH],
        most: usize,
    ) -> Result<Lease, LeaseError> {
        let mut table = self.lock();
        if table.held.values().filter(|held| held.account == account).count() >= most {
            return Err(LeaseError::TooMany { most });
        }
        let (ended, end) = watch::channel(false);
        let key = table.next;
        table.next += 1;
        table.held.insert(key, Held { account, token, ended });
        Ok(Lease { leases: self.clone(), key, end })
    }

    /// Ends the leases held with this token.
    pub(super) fn end_token(&self, token: &[u8; KEY_LENGTH]) {
        self.end(|held| held.token == *token);
    }

    /// Ends the leases of an account.
    pub(super) fn end_account(&self, account: AccountId) {
        self.end(|held| held.account == account);
    }

    fn end(&self, which: impl Fn(&Held) -> bool) {
        for held in self.lock().held.values().filter(|held| which(held)) {
            held.ended.send_replace(true);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leave to keep something open; dropping it gives the place back.
pub struct Lease {
    leases: Leases,
    key: u64,
    end: watch::Receiver<bool>,
}

impl Lease {
    /// Waits until the token it was held with is revoked.
    pub async fn ended(&mut self) {
        // The sender stays in the table as long as this lease lives.
        let _ = self.end.wait_for(|over| *over).await;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.leases.lock().held.remove(&self.key);
    }
}

/// Why a lease was not given.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LeaseError {
    /// The account holds as many as it may.
    #[error("this account holds {most} leases, the most it may")]
    TooMany {
        /// That many.
        most: usize,
    },
    /// The token is not valid any more.
    #[error("the token was revoked")]
    Revoked,
    /// The store failed.
    #[error(transparent)]
    Account(#[from] AccountError),
}

impl Accounts {
    /// Gives the caller leave to keep something open, of which an account may have `most` at once.
    ///
    /// # Errors
    /// [`LeaseError`]
    pub async fn hold(
        &self,
        caller: &Caller,
        most: usize,
        now_ms: i64,
    ) -> Result<Lease, LeaseError> {
        let lease = self.leases.hold(caller.account, caller.hash, most)?;
        let token = self.store.tokens().find(&caller.hash, now_ms).await;
        match token.map_err(AccountError::from)? {
            Some(_) => Ok(lease),
            None => Err(LeaseError::Revoked),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(n: u8) -> AccountId {
        AccountId::from_bytes([n; 16])
    }

    #[test]
    fn an_account_holds_so_many_and_a_dropped_one_makes_room() {
        let leases = Leases::default();
        let first = leases.hold(account(1), [1; 32], 2).unwrap();
        let second = leases.hold(account(1), [2; 32], 2).unwrap();
        assert!(leases.hold(account(1), [1; 32], 2).is_err());
        assert!(leases.hold(account(2), [3; 32], 2).is_ok());
        drop(first);
        let third = leases.hold(account(1), [1; 32], 2).unwrap();
        leases.end_token(&[2; 32]);
        assert!(*second.end.borrow() && !*third.end.borrow());
        leases.end_account(account(1));
        assert!(*third.end.borrow());
    }
}
