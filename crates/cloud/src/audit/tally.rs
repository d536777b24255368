//! Refusals by the thousand are counted, not written one by one: who can knock cannot fill the disk.
//!
//! 1. The first of a kind (same what, who, on what, token and outcome) is written at once.
//! 2. More of that kind within a minute are counted, and written as one entry when the minute is over.
//! 3. Firsts are paid from a budget, 256 and one more every four seconds; whoever proved who they are pays from another
//!    one than strangers do, so that strangers can hide nothing of them. Without budget only what was refused, and why, is
//!    counted.
//!
//! Memory is fixed: kinds are bounded by the budgets, and what is counted without budget by the words in the program.

use std::collections::HashMap;

use super::act::{Act, Outcome, TokenMark, Who};

/// How long more of a kind are counted before they are written, in milliseconds.
const WINDOW_MS: i64 = 60_000;
/// Kinds that can be new at once.
const BURST: i64 = 256;
/// How long until there is budget for one more, in milliseconds.
const REFILL_MS: i64 = 4_000;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Kind {
    what: &'static str,
    who: Option<Who>,
    on: String,
    token: Option<TokenMark>,
    outcome: Outcome,
}

impl Kind {
    fn of(act: &Act) -> Self {
        let (on, outcome) = (act.on.clone(), act.outcome.clone());
        Self { what: act.what, who: Some(act.who.clone()), on, token: act.token, outcome }
    }

    /// With nothing in it that whoever knocks can choose.
    fn summary(act: &Act) -> Self {
        let outcome = act.outcome.clone();
        Self { what: act.what, who: None, on: String::new(), token: None, outcome }
    }

    fn act(self, more: u32, at_ms: i64) -> Act {
        let mut act = Act::new(self.what, self.who.unwrap_or(Who::Stranger), at_ms);
        (act.on, act.token, act.outcome, act.times) = (self.on, self.token, self.outcome, more);
        act
    }
}

struct Count {
    since_ms: i64,
    last_ms: i64,
    more: u32,
}

/// Pays for what is written at once.
struct Budget {
    left: i64,
    at_ms: i64,
}

impl Budget {
    const FULL: Self = Self { left: BURST, at_ms: i64::MIN };

    fn pay(&mut self, now_ms: i64) -> bool {
        let earned = now_ms.saturating_sub(self.at_ms) / REFILL_MS;
        // A clock that was set back earns nothing, and earns again from there.
        if earned != 0 {
            self.left = self.left.saturating_add(earned.max(0)).min(BURST);
            self.at_ms = now_ms;
        }
        let pays = self.left > 0;
        self.left -= i64::from(pays);
        pays
    }
}

/// What was refused lately.
pub(crate) struct Tally {
    counts: HashMap<Kind, Count>,
    strangers: Budget,
    known: Budget,
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self { counts: HashMap::new(), strangers: Budget::FULL, known: Budget::FULL }
    }

    /// The act, if it is to be written at once; else it is counted.
    pub(crate) fn take(&mut self, act: Act, now_ms: i64) -> Option<Act> {
        let kind = Kind::of(&act);
        if let Some(count) = self.counts.get_mut(&kind) {
            count.add(act.times, act.at_ms);
            return None;
        }
        let budget = match act.who {
            Who::Stranger => &mut self.strangers,
            _ => &mut self.known,
        };
        if budget.pay(now_ms) {
            self.counts.insert(kind, Count { since_ms: now_ms, last_ms: act.at_ms, more: 0 });
            return Some(act);
        }
        let count = self.counts.entry(Kind::summary(&act));
        let count = count.or_insert(Count { since_ms: now_ms, last_ms: act.at_ms, more: 0 });
        count.add(act.times, act.at_ms);
        None
    }

    /// What was counted until now and is to be written, and forgets it.
    pub(crate) fn due(&mut self, now_ms: i64) -> Vec<Act> {
        // A clock that was set back ends all windows, not none.
        let over = |count: &Count| !(0..WINDOW_MS).contains(&now_ms.saturating_sub(count.since_ms));
        self.drain(over)
    }

    /// All that was counted.
    pub(crate) fn rest(&mut self) -> Vec<Act> {
        self.drain(|_| true)
    }

    /// Whether anything was counted that is not written yet.
    pub(crate) fn is_waiting(&self) -> bool {
        self.counts.values().any(|count| count.more > 0)
    }

    fn drain(&mut self, over: impl Fn(&Count) -> bool) -> Vec<Act> {
        let ended = self.counts.extract_if(|_, count| over(count));
        let mut acts: Vec<_> = ended
            .filter(|(_, count)| count.more > 0)
            .map(|(kind, count)| kind.act(count.more, count.last_ms))
            .collect();
        acts.sort_by_key(|act| act.at_ms);
        acts
    }
}

impl Count {
    fn add(&mut self, times: u32, at_ms: i64) {
        self.more = self.more.saturating_add(times);
        self.last_ms = self.last_ms.max(at_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::AccountId;

    fn refused(on: u32, at_ms: i64) -> Act {
        Act::new("login.refused", Who::Stranger, at_ms).on("try", on).refused("wrong password")
    }

    #[test]
    fn p10_of_a_flood_the_first_is_written_at_once_and_the_rest_as_a_number() {
        let mut tally = Tally::new();
        let written = (0..10_000).filter_map(|n| tally.take(refused(1, n), n)).count();
        assert_eq!(written, 1);
        assert!(tally.is_waiting());
        assert_eq!(tally.due(59_999), []);
        let due = tally.due(60_000);
        assert_eq!(due.len(), 1);
        assert_eq!((due[0].times, due[0].at_ms, due[0].on.as_str()), (9_999, 9_999, "try 1"));
        assert!(!tally.is_waiting());
        assert!(tally.take(refused(1, 60_001), 60_001).is_some());
    }

    #[test]
    fn p10_strangers_with_thousands_of_names_fill_neither_memory_nor_disk_and_hide_nothing_of_an_account()
     {
        let mut tally = Tally::new();
        let (mut written, mut counted) = (0, 0);
        for n in 0..20_000 {
            let now = i64::from(n) / 2;
            written += u64::from(tally.take(refused(n, now), now).is_some());
            assert!(tally.counts.len() <= 300);
        }
        let of_account =
            Act::new("device.refused", Who::Account(AccountId::from_bytes([1; 16])), 9_999);
        assert!(tally.take(of_account, 9_999).is_some());
        for act in tally.rest() {
            assert_eq!((act.on.as_str(), act.who.clone()), ("", Who::Stranger));
            counted += u64::from(act.times);
        }
        assert_eq!(written + counted, 20_000);
        assert!(written <= 260, "{written}");
    }

    #[test]
    fn a_clock_that_is_set_back_loses_no_count() {
        let mut tally = Tally::new();
        for _ in 0..3 {
            tally.take(refused(1, 1_000_000), 1_000_000);
        }
        assert_eq!(tally.due(5)[0].times, 2);
        assert!(tally.take(refused(1, 6), 6).is_some());
    }
}
