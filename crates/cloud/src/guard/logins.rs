//! Guessing at logins: slowed by address and by account, without anyone being able to lock another out.
//!
//! 1. A try is charged when it begins and given back when it was right, so many at once get no more than one after
//!    the other.
//! 2. Each address may be wrong ten times in half an hour, whoever it tries.
//! 3. Each account may be tried wrongly ten times, then once in thirty seconds, whoever tries.
//! 4. An address from which this account was logged in to lately has a bucket of its own for it: whatever strangers
//!    use up, it is not that.
//! 5. Where a second factor stands behind the password, rule 3 does not hold (a right guess lets nobody in), so that
//!    strangers cannot keep the owner out. A name that nobody has is treated in either way, by a coin that lands the same
//!    each time, so that this tells nothing about it. Codes are counted where they are looked at.
//! 6. Passwords are looked at a few at a time, the least suspect first ([`super::turnstile`]).
//!
//! Nothing here asks the store. A restart forgives.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use super::ledger::{Ledger, Name};
use super::name::{Namer, Origin};
use super::quota::Quota;
use super::tally::{Reason, Tally};
use super::turnstile::{Rank, Turn, Turnstile};
use crate::account::NameHash;
use crate::weakened::{self, Weakness};

/// Addresses, accounts and pairs that owe something.
const NAMES: usize = 32_768;
/// Pairs that were right lately.
const KNOWN: usize = 16_384;
/// How long a right login is remembered.
const KNOWN_FOR: Duration = Duration::from_secs(7 * 24 * 3_600);
/// How long it is remembered that there is a second factor; each try renews it.
const PROTECTED_FOR: Duration = Duration::from_secs(24 * 3_600);
/// Tries that wait in line.
const WAITING: usize = 256;

/// What turned out to be behind the name that was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behind {
    /// No account.
    Nobody,
    /// An account with a password alone.
    Password,
    /// An account with a second factor.
    SecondFactor,
}

/// Why a try may not begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Too many wrong ones lately: wait so long.
    Wait(Duration),
    /// Too many wait for their turn.
    Crowded,
}

/// Everything that is known of failed logins. Clones share it.
#[derive(Clone)]
pub struct Logins(Arc<Inner>);

struct Inner {
    namer: Namer,
    owed: Ledger,
    known: Ledger,
    line: Turnstile,
    tally: Arc<Tally>,
}

/// A try under way. If it is dropped and nothing said, it was wrong.
pub struct Attempt {
    logins: Logins,
    charges: Vec<(Name, Quota)>,
    /// The pair, and when it was tried.
    pair: Name,
    protected: Name,
    coin: bool,
    began: Duration,
    rank: Rank,
}

fn quota(burst: u32, seconds: u64) -> Quota {
    Quota::new(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN), Duration::from_secs(seconds))
}

/// Ten wrong ones of an address, then one in three minutes.
fn of_address() -> Quota {
    quota(10, 30 * 60)
}

/// Ten wrong ones at an account, then one in thirty seconds.
fn of_account() -> Quota {
    quota(10, 5 * 60)
}

/// Ten wrong ones of an address at the account it was right for, then one in a minute.
fn of_pair() -> Quota {
    quota(10, 10 * 60)
}

const ADDRESS: u8 = 1;
const ACCOUNT: u8 = 2;
const PAIR: u8 = 3;
const PROTECTED: u8 = 4;
const CODES: u8 = 5;

impl Logins {
    /// Nobody has failed yet; passwords are looked at so many at once.
    #[must_use]
    pub fn new(at_once: usize, tally: Arc<Tally>) -> Self {
        Self(Arc::new(Inner {
            namer: Namer::new(),
            owed: Ledger::new(NAMES),
            known: Ledger::new(KNOWN),
            line: Turnstile::new(at_once, WAITING),
            tally,
        }))
    }

    /// Begins a try from an address at the account of this name, whether there is one or not. `now` is the time
    /// since any fixed start.
    ///
    /// # Errors
    /// How long to wait.
    pub fn begin(
        &self,
        origin: Origin,
        account: &NameHash,
        now: Duration,
    ) -> Result<Attempt, Refused> {
        let mut attempt = self.attempt(origin, account, now);
        if weakened::is(Weakness::GuessesUnlimited) {
            return Ok(attempt);
        }
        let inner = &*self.0;
        let known = inner.known.is_marked(attempt.pair, now);
        if known && attempt.charge(attempt.pair, of_pair()).is_ok() {
            return Ok(attempt);
        }
        let address = inner.namer.origin(ADDRESS, origin);
        let owed = self.or_refuse(attempt.charge(address, of_address()), Reason::LoginAddress)?;
        attempt.rank = 1 + owed;
        if !inner.known.is_marked(attempt.protected, now) {
            let name = inner.namer.of(ACCOUNT, &account.0);
            let charged = attempt.charge(name, of_account());
            if charged.is_err() {
                // It was never looked at.
                attempt.give_back();
            }
            attempt.rank += self.or_refuse(charged, Reason::LoginAccount)?;
        }
        Ok(attempt)
    }

    /// Looks whether a short code that an address typed is one that waits somewhere: who is wrong too often waits, whatever
    /// the code.
    ///
    /// # Errors
    /// How long to wait.
    pub fn look_up<T>(
        &self,
        origin: Origin,
        now: Duration,
        look: impl FnOnce() -> Option<T>,
    ) -> Result<Option<T>, Refused> {
        let name = self.0.namer.origin(CODES, origin);
        self.or_refuse(self.0.owed.take(name, of_address(), now), Reason::LoginAddress)?;
        let found = look();
        if found.is_some() {
            self.0.owed.give_back(name, of_address());
        }
        Ok(found)
    }

    fn attempt(&self, origin: Origin, account: &NameHash, now: Duration) -> Attempt {
        let namer = &self.0.namer;
        Attempt {
            logins: self.clone(),
            charges: Vec::with_capacity(2),
            pair: namer.pair(PAIR, origin, &account.0),
            protected: namer.of(PROTECTED, &account.0),
            coin: account.0.first().is_some_and(|byte| byte & 1 == 1),
            began: now,
            rank: 0,
        }
    }

    fn or_refuse(&self, charged: Result<u32, Duration>, why: Reason) -> Result<u32, Refused> {
        charged.map_err(|wait| {
            self.0.tally.refused(why);
            Refused::Wait(wait)
        })
    }

    /// How many tries wait for their turn.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.0.line.waiting()
    }

    /// Forgets what is over.
    pub fn forget(&self, now: Duration) {
        self.0.owed.forget(now);
        self.0.known.forget(now);
    }
}

impl Attempt {
    fn charge(&mut self, name: Name, quota: Quota) -> Result<u32, Duration> {
        let owed = self.logins.0.owed.take(name, quota, self.began)?;
        self.charges.push((name, quota));
        Ok(owed)
    }

    /// Waits for leave to look at the password, which is the costly part. It ends with the turn.
    ///
    /// # Errors
    /// [`Refused::Crowded`]: the try was not looked at and is given back.
    pub async fn turn(&mut self) -> Result<Turn, Refused> {
        let line = self.logins.0.line.clone();
        let turn = line.turn(self.rank).await;
        turn.map_err(|_| {
            self.logins.0.tally.refused(Reason::LoginLine);
            self.give_back();
            Refused::Crowded
        })
    }

    /// Says what is behind the name, as soon as that is known and whether the password was right or not.
    pub fn found(&self, behind: Behind) {
        let protected = match behind {
            Behind::Nobody => self.coin,
            Behind::Password => false,
            Behind::SecondFactor => true,
        };
        if protected {
            self.logins.0.known.mark(self.protected, self.began + PROTECTED_FOR);
        }
    }

    /// It was right: this address is known for this account from now on.
    pub fn was_right(mut self) {
        self.give_back();
        self.logins.0.known.mark(self.pair, self.began + KNOWN_FOR);
    }

    /// It was right as far as it went, and more is asked for: nothing is owed, and nothing known yet.
    pub fn was_right_so_far(mut self) {
        self.give_back();
    }

    /// It could not be looked at, for reasons of ours: nothing is owed.
    pub fn was_not_looked_at(mut self) {
        self.give_back();
    }

    fn give_back(&mut self) {
        for (name, quota) in self.charges.drain(..) {
            self.logins.0.owed.give_back(name, quota);
        }
    }
}
