//! The guard before the API: who asks for too much is told so before anything is read from the store.
//!
//! [`Guard::admit`] counts requests by address, by group of routes and by account; [`Logins`] slows guessing. All of
//! it is memory that never grows (`ledger`), takes the time as a parameter, and knows addresses, accounts and tokens
//! by keyed hashes alone (`name`). `docs/limits.md` has the figures.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::account::AccountId;
use crate::weakened::{self, Weakness};

mod account_of;
mod connections;
mod group;
mod ledger;
mod limits;
mod logins;
mod name;
mod quota;
mod tally;
mod turnstile;

use connections::Connections;
pub use connections::Seat;
pub use group::Group;
use group::WINDOW;
pub use ledger::{Ledger, Name};
pub use limits::Limits;
pub use logins::{Attempt, Behind, Logins, Refused};
use name::Namer;
pub use name::Origin;
pub use quota::Quota;
pub use tally::{Reason, Tally};
pub use turnstile::Turn;

/// Addresses (once for each group) and accounts that owe something.
const NAMES: usize = 32_768;
/// Tokens whose account is known.
const TOKENS: usize = 8_192;
const ALL_REQUESTS: u8 = 0x10;
const OF_GROUP: u8 = 0x11;
const OF_ACCOUNT: u8 = 0x15;
const CONNECTION: u8 = 0x17;
const OF_TOKEN: u8 = 0x16;

/// Counts, and says no. Clones share it.
#[derive(Clone)]
pub struct Guard(Arc<Inner>);

struct Inner {
    limits: Limits,
    namer: Namer,
    owed: Ledger,
    accounts: account_of::Accounts,
    connections: Connections,
    logins: Logins,
    tally: Arc<Tally>,
}

impl Default for Guard {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl Guard {
    /// Nobody has asked for anything yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let tally = Arc::new(Tally::default());
        Self(Arc::new(Inner {
            limits,
            namer: Namer::new(),
            owed: Ledger::new(NAMES),
            accounts: account_of::Accounts::new(TOKENS),
            connections: Connections::default(),
            logins: Logins::new(at_once(), Arc::clone(&tally)),
            tally,
        }))
    }

    /// What may be asked for.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Where logins are slowed.
    #[must_use]
    pub fn logins(&self) -> &Logins {
        &self.0.logins
    }

    /// What was refused.
    #[must_use]
    pub fn tally(&self) -> &Arc<Tally> {
        &self.0.tally
    }

    /// Counts a request, before anything else is done for it. `token` is what it presents: one that was good before is
    /// counted to its account. Others count to their address alone, or strangers could use up what many present ("null").
    ///
    /// # Errors
    /// How long to wait.
    pub fn admit(
        &self,
        origin: Origin,
        group: Group,
        token: Option<&[u8]>,
        now: Duration,
    ) -> Result<(), Duration> {
        if weakened::is(Weakness::RequestsUnlimited) {
            return Ok(());
        }
        let Inner { limits, namer, .. } = &*self.0;
        let all = Quota::new(limits.requests, WINDOW);
        self.take(namer.origin(ALL_REQUESTS, origin), all, Reason::Address, now)?;
        if let Some(quota) = group.quota(limits) {
            let of = OF_GROUP + group as u8;
            self.take(namer.origin(of, origin), quota, Reason::Group, now)?;
        }
        match token.and_then(|token| self.0.accounts.of(namer.of(OF_TOKEN, token))) {
            Some(account) => {
                let quota = Quota::new(limits.account_requests, WINDOW);
                self.take(account, quota, Reason::Account, now)
            }
            None => Ok(()),
        }
    }

    /// A place for a connection; `None` where its address has all that it may have at once, or opened as many as it may
    /// send requests: a handshake is work for us, too.
    #[must_use]
    pub fn connect(&self, origin: Origin, now: Duration) -> Option<Seat> {
        let Inner { limits, namer, .. } = &*self.0;
        let quota = Quota::new(limits.requests, WINDOW);
        let name = namer.origin(CONNECTION, origin);
        let opened = self.take(name, quota, Reason::Connections, now);
        opened.ok()?;
        let most = limits.connections_an_address;
        let most =
            if weakened::is(Weakness::ConnectionsUnbounded) { NonZeroUsize::MAX } else { most };
        let seat = self.0.connections.seat(origin, most);
        if seat.is_none() {
            self.0.tally.refused(Reason::Connections);
        }
        seat
    }

    /// How many connections there are.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.0.connections.count()
    }

    /// Says whose a token is that just proved good: from now on its requests count to the account.
    pub fn belongs(&self, token: &[u8], account: AccountId) {
        let namer = &self.0.namer;
        let account = namer.of(OF_ACCOUNT, account.as_bytes());
        self.0.accounts.note(namer.of(OF_TOKEN, token), account);
    }

    /// Says that a token is good no more: nobody uses up an account's quota with it.
    pub fn belongs_to_nobody(&self, token: &[u8]) {
        self.0.accounts.forget(self.0.namer.of(OF_TOKEN, token));
    }

    fn take(
        &self,
        name: Name,
        quota: Quota,
        reason: Reason,
        now: Duration,
    ) -> Result<(), Duration> {
        let taken = self.0.owed.take(name, quota, now);
        taken.map(drop).inspect_err(|_| self.0.tally.refused(reason))
    }

    /// Forgets what is over; to be called now and then.
    pub fn forget(&self, now: Duration) {
        self.0.owed.forget(now);
        self.0.logins.forget(now);
    }
}

/// Passwords that are looked at at once: as many as there are threads that hash them, and one that is ready for the next.
fn at_once() -> usize {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    (cores / 2).max(1) + 1
}

#[cfg(test)]
mod tests;
