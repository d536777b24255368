//! What is delivered next: a machine without a clock, a socket or a store.
//!
//! 1. A delivery is due when it comes. One that fails and is worth it is due again 30 s later, and then 60 s later
//!    ([`AGAIN`]); after that it is given up.
//! 2. A host at which [`MANY`] deliveries failed in a row sleeps for 30 s, twice as long each time up to ten minutes; what
//!    is for it waits, and one delivery tries whether it woke. What waits longer than [`LONGEST`] is given up.
//! 3. At once go at most [`AT_ONCE`] deliveries, [`EACH_ACCOUNT`] of one account, [`EACH_HOOK`] of one webhook; of all
//!    that could go, one of the account that has the fewest under way goes next, then the one that waits longest.

mod host;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use super::HookId;
use super::target::Target;
use crate::account::AccountId;
use host::Host;

/// How long after a failure it is tried again.
pub const AGAIN: [Duration; 2] = [Duration::from_secs(30), Duration::from_secs(60)];
/// So many failures in a row put a host to sleep.
pub const MANY: u32 = 10;
/// The longest that a delivery waits for a host to wake.
pub const LONGEST: Duration = Duration::from_secs(3_600);
/// Deliveries at once.
pub const AT_ONCE: usize = 64;
/// Of one account.
pub const EACH_ACCOUNT: usize = 16;
/// Of one webhook.
pub const EACH_HOOK: usize = 4;

/// Where a webhook's deliveries go, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The account that made it.
    pub account: AccountId,
    /// The host.
    pub target: Target,
}

/// How a try ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The receiver took it.
    Well,
    /// It did not, and would not the next time: the host is well.
    Refused,
    /// It did not, and may the next time.
    Failed,
}

/// What becomes of a delivery after a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is done with.
    Done,
    /// It will be tried again.
    Again,
    /// It is given up.
    GivenUp,
}

struct Waiting<T> {
    what: T,
    tries: usize,
    since: Duration,
    due: Duration,
}

struct Line<T> {
    way: Way,
    fresh: VecDeque<Waiting<T>>,
    /// Those that failed before, by when they are due.
    again: BTreeMap<(Duration, u64), Waiting<T>>,
    under_way: usize,
}

/// A delivery that goes now. To be given back to [`Schedule::ended`].
pub struct Going<T> {
    /// Its webhook.
    pub hook: HookId,
    /// What is delivered.
    pub what: T,
    tries: usize,
    since: Duration,
}

/// All that waits.
pub struct Schedule<T> {
    lines: HashMap<HookId, Line<T>>,
    hosts: HashMap<Target, Host>,
    accounts: HashMap<AccountId, usize>,
    under_way: usize,
    count: u64,
}

impl<T> Default for Schedule<T> {
    fn default() -> Self {
        Self {
            lines: HashMap::new(),
            hosts: HashMap::new(),
            accounts: HashMap::new(),
            under_way: 0,
            count: 0,
        }
    }
}

impl<T> Schedule<T> {
    /// Something is to be delivered by a webhook, this way.
    pub fn add(&mut self, now: Duration, hook: HookId, way: Way, what: T) {
        let line = self.lines.entry(hook).or_insert_with(|| Line::new(way.clone()));
        if line.under_way == 0 {
            // It may have been told to go elsewhere.
            line.way = way;
        }
        line.fresh.push_back(Waiting { what, tries: 0, since: now, due: now });
    }

    /// What goes now, if anything may.
    pub fn next(&mut self, now: Duration) -> Option<Going<T>> {
        if self.under_way >= AT_ONCE {
            return None;
        }
        let may_go = |(hook, line): (&HookId, &Line<T>)| {
            let busy = self.accounts.get(&line.way.account).copied().unwrap_or_default();
            let awake = self.hosts.get(&line.way.target).is_none_or(|host| host.may_try(now));
            let due = line.due()?;
            let free = line.under_way < EACH_HOOK && busy < EACH_ACCOUNT && awake;
            (free && due <= now).then_some(((busy, due, *hook), *hook))
        };
        let (_, hook) = self.lines.iter().filter_map(may_go).min()?;
        let line = self.lines.get_mut(&hook)?;
        let Waiting { what, tries, since, .. } = line.take()?;
        line.under_way += 1;
        self.under_way += 1;
        *self.accounts.entry(line.way.account).or_default() += 1;
        if let Some(host) = self.hosts.get_mut(&line.way.target) {
            host.tries();
        }
        Some(Going { hook, what, tries, since })
    }

    /// A try ended. What becomes of the delivery, and the delivery itself where it is not kept.
    pub fn ended(&mut self, now: Duration, going: Going<T>, how: Ended) -> (Next, Option<T>) {
        let Going { hook, what, tries, since } = going;
        self.under_way = self.under_way.saturating_sub(1);
        let Some(line) = self.lines.get_mut(&hook) else { return (Next::GivenUp, Some(what)) };
        line.under_way = line.under_way.saturating_sub(1);
        let account = line.way.account;
        let host = self.hosts.entry(line.way.target.clone()).or_default();
        host.tried(now, how != Ended::Failed);
        if host.is_fresh() {
            self.hosts.remove(&line.way.target);
        }
        let after = (how == Ended::Failed).then(|| AGAIN.get(tries)).flatten();
        let result = match after {
            Some(after) => {
                self.count += 1;
                let waiting = Waiting { what, tries: tries + 1, since, due: now + *after };
                line.again.insert((waiting.due, self.count), waiting);
                (Next::Again, None)
            }
            None if how == Ended::Failed => (Next::GivenUp, Some(what)),
            None => (Next::Done, Some(what)),
        };
        if line.is_over() {
            self.lines.remove(&hook);
        }
        if let Some(count) = self.accounts.get_mut(&account) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.accounts.remove(&account);
            }
        }
        result
    }

    /// Gives up what waits too long, of all webhooks.
    pub fn give_up(&mut self, now: Duration) -> Vec<(HookId, T)> {
        let old = |waiting: &Waiting<T>| now.saturating_sub(waiting.since) > LONGEST;
        let mut given_up = Vec::new();
        for (hook, line) in &mut self.lines {
            while let Some(waiting) = line.fresh.pop_front_if(|waiting| old(waiting)) {
                given_up.push((*hook, waiting.what));
            }
            let late: Vec<_> =
                line.again.iter().filter(|(_, waiting)| old(waiting)).map(|(at, _)| *at).collect();
            let late = late.into_iter().filter_map(|at| line.again.remove(&at));
            given_up.extend(late.map(|waiting| (*hook, waiting.what)));
        }
        self.lines.retain(|_, line| !line.is_over());
        given_up
    }

    /// Takes out all that waits for a webhook that is no more.
    pub fn remove(&mut self, hook: HookId) -> Vec<T> {
        let Some(line) = self.lines.get_mut(&hook) else { return Vec::new() };
        let again = std::mem::take(&mut line.again).into_values();
        let all = line.fresh.drain(..).chain(again).map(|waiting| waiting.what).collect();
        if line.is_over() {
            self.lines.remove(&hook);
        }
        all
    }

    /// When something may go that may not go now, if nothing else happens.
    pub fn wakes_at(&self, now: Duration) -> Option<Duration> {
        let when = |line: &Line<T>| {
            let awake = self.hosts.get(&line.way.target).map_or(Duration::ZERO, Host::sleeps_until);
            line.due().map(|due| due.max(awake))
        };
        self.lines.values().filter_map(when).filter(|at| *at > now).min()
    }

    /// Until when a host sleeps, if it does.
    pub fn sleeps_until(&self, now: Duration, target: &Target) -> Option<Duration> {
        self.hosts.get(target).map(Host::sleeps_until).filter(|until| *until > now)
    }

    /// How many deliveries wait or are under way.
    pub fn waiting(&self) -> usize {
        self.lines.values().map(|line| line.fresh.len() + line.again.len() + line.under_way).sum()
    }
}

impl<T> Line<T> {
    fn new(way: Way) -> Self {
        Self { way, fresh: VecDeque::new(), again: BTreeMap::new(), under_way: 0 }
    }

    fn due(&self) -> Option<Duration> {
        let fresh = self.fresh.front().map(|waiting| waiting.due);
        let again = self.again.first_key_value().map(|((due, _), _)| *due);
        [fresh, again].into_iter().flatten().min()
    }

    fn take(&mut self) -> Option<Waiting<T>> {
        let fresh = self.fresh.front().map(|waiting| waiting.due);
        let again = self.again.first_key_value().map(|((due, _), _)| *due);
        match (fresh, again) {
            (Some(fresh), Some(again)) if again < fresh => {
                self.again.pop_first().map(|(_, waiting)| waiting)
            }
            (None, _) => self.again.pop_first().map(|(_, waiting)| waiting),
            (Some(_), _) => self.fresh.pop_front(),
        }
    }

    fn is_over(&self) -> bool {
        self.fresh.is_empty() && self.again.is_empty() && self.under_way == 0
    }
}

#[cfg(test)]
mod tests;
