//! Accounts that own devices, each under a small number. A number is read without a lock and never
//! given to another account.

use super::chunks::Chunks;
use crate::account::AccountId;
use hashbrown::HashTable;
use std::hash::{BuildHasher, RandomState};
use std::sync::{OnceLock, PoisonError, RwLock};

/// An account's number, for as long as the node runs; 0 stands for nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnerNumber(pub(super) u32);

/// The accounts by number, and the way from an account to its number.
#[derive(Default)]
pub(super) struct Owners {
    accounts: Chunks<OnceLock<AccountId>>,
    numbers: RwLock<HashTable<u32>>,
    secret: RandomState,
}

impl Owners {
    /// The account with this number.
    pub(super) fn account(&self, number: OwnerNumber) -> Option<AccountId> {
        self.accounts.get(number.0.checked_sub(1)?)?.get().copied()
    }

    /// The number of an account, given now where it has none.
    pub(super) fn number(&self, account: Option<AccountId>) -> OwnerNumber {
        let Some(account) = account else { return OwnerNumber(0) };
        let known = self.numbers.read().unwrap_or_else(PoisonError::into_inner);
        let found = self.find(&known, account);
        drop(known);
        found.unwrap_or_else(|| self.add(account))
    }

    fn find(&self, numbers: &HashTable<u32>, account: AccountId) -> Option<OwnerNumber> {
        let is_it = |number: &u32| self.account(OwnerNumber(*number)) == Some(account);
        numbers.find(self.secret.hash_one(account), is_it).map(|number| OwnerNumber(*number))
    }

    fn add(&self, account: AccountId) -> OwnerNumber {
        let mut numbers = self.numbers.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = self.find(&numbers, account) {
            return number;
        }
        // Beyond what there is room for, a device is nobody's: its events reach no one they must not.
        let place = u32::try_from(numbers.len()).ok();
        let made = place.and_then(|at| self.accounts.make(at)?.set(account).ok().map(|()| at + 1));
        let Some(number) = made else { return OwnerNumber(0) };
        numbers.insert_unique(self.secret.hash_one(account), number, |number| {
            self.account(OwnerNumber(*number)).map_or(0, |account| self.secret.hash_one(account))
        });
        OwnerNumber(number)
    }

    /// The bytes it holds on the heap.
    pub(super) fn bytes(&self) -> usize {
        let numbers = self.numbers.read().unwrap_or_else(PoisonError::into_inner);
        self.accounts.bytes() + numbers.allocation_size()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_one_number_and_a_number_one_account() {
        let owners = Owners::default();
        let account = |n: u16| {
            let [high, low] = n.to_be_bytes();
            AccountId::from_bytes(std::array::from_fn(|at| if at % 2 == 0 { high } else { low }))
        };
        assert_eq!(owners.account(owners.number(None)), None);
        let numbers: Vec<_> = (0..500).map(|n| owners.number(Some(account(n)))).collect();
        for (n, number) in (0..500).zip(numbers) {
            assert_eq!(owners.number(Some(account(n))), number);
            assert_eq!(owners.account(number), Some(account(n)));
        }
    }
}
