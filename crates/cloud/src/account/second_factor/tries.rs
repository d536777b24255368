//! Wrong codes in a row, by account: after five the wait doubles with each, up to an hour.
//!
//! A code has six digits and three of them are good at a time, so a guesser who knows the password must be slow. In
//! memory only, and bounded; only who typed a right password is counted here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::ProofError;
use crate::account::AccountId;
use crate::weakened::{self, Weakness};

/// Wrong codes that cost no wait.
const FREE: u32 = 5;
/// The first wait, in milliseconds.
const FIRST_MS: i64 = 15_000;
/// The longest, in milliseconds.
const LONGEST_MS: i64 = 3_600_000;
/// Accounts that are remembered, at most.
const MOST: usize = 10_000;

/// Wrong codes in a row. Clones share them.
#[derive(Clone, Default)]
pub(in crate::account) struct Tries(Arc<Mutex<HashMap<AccountId, Entry>>>);

#[derive(Clone, Copy)]
struct Entry {
    wrong: u32,
    last_ms: i64,
}

impl Tries {
    /// Counts a try before it is known whether it is right, so that many at once get no more of them.
    pub(super) fn charge(&self, account: AccountId, now_ms: i64) -> Result<(), ProofError> {
        let mut entries = self.lock();
        if entries.len() >= MOST && !entries.contains_key(&account) {
            make_room(&mut entries);
        }
        let entry = entries.entry(account).or_insert(Entry { wrong: 0, last_ms: now_ms });
        let left = wait(entry.wrong).saturating_sub(now_ms.saturating_sub(entry.last_ms).max(0));
        if left > 0 && !weakened::is(Weakness::FactorGuessesUnlimited) {
            let seconds = u64::try_from(left).unwrap_or(0).div_ceil(1_000);
            return Err(ProofError::TooMany { seconds });
        }
        *entry = Entry { wrong: entry.wrong.saturating_add(1), last_ms: now_ms };
        Ok(())
    }

    /// It was right.
    pub(super) fn forgive(&self, account: AccountId) {
        self.lock().remove(&account);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AccountId, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Before the next try, after so many wrong ones.
fn wait(wrong: u32) -> i64 {
    match wrong.checked_sub(FREE) {
        None => 0,
        Some(doublings) => {
            FIRST_MS.checked_shl(doublings.min(20)).map_or(LONGEST_MS, |ms| ms.min(LONGEST_MS))
        }
    }
}

/// The one that was tried longest ago goes.
fn make_room(entries: &mut HashMap<AccountId, Entry>) {
    let oldest = entries.iter().min_by_key(|(_, entry)| entry.last_ms).map(|(account, _)| *account);
    if let Some(oldest) = oldest {
        entries.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p9_a_guesser_of_codes_gets_thirty_tries_a_day() {
        let (tries, account) = (Tries::default(), AccountId::from_bytes([1; 16]));
        let day = 0..24 * 3_600;
        let taken = day.filter(|second| tries.charge(account, second * 1_000).is_ok()).count();
        assert!((30..40).contains(&taken), "{taken}");
        let error = tries.charge(account, 24 * 3_600_000).unwrap_err();
        assert!(matches!(error, ProofError::TooMany { seconds } if seconds <= 3_600), "{error}");
        tries.charge(AccountId::from_bytes([2; 16]), 0).unwrap();
        tries.forgive(account);
        tries.charge(account, 24 * 3_600_000).unwrap();
    }

    #[test]
    fn memory_stays_bounded() {
        let tries = Tries::default();
        for number in 0..u32::try_from(MOST).unwrap() + 5 {
            let mut id = [0; 16];
            id[..4].copy_from_slice(&number.to_be_bytes());
            tries.charge(AccountId::from_bytes(id), number.into()).unwrap();
        }
        assert_eq!(tries.lock().len(), MOST);
    }
}
