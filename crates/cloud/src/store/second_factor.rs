//! Second factors at rest: a sealed seed, the last step that was used, and hashes of recovery codes.

use super::statement::{Expect, Failure, Statement, Transaction};
use super::{Ask, Store, StoreError};
use crate::account::AccountId;
use crate::audit::Act;

/// A second factor as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct SecondFactorRow {
    /// The seed of its codes, sealed.
    pub sealed_seed: Vec<u8>,
    /// The half minute, counted from 1970, of the last code that was used.
    pub last_step: i64,
}

/// The second factors in the store.
pub struct SecondFactors<'a>(&'a Store);

impl Store {
    /// The second factors.
    #[must_use]
    pub fn second_factors(&self) -> SecondFactors<'_> {
        SecondFactors(self)
    }
}

impl SecondFactors<'_> {
    /// The one of an account.
    pub fn find(&self, account: AccountId) -> Ask<Option<SecondFactorRow>> {
        let sql = "SELECT sealed_seed, last_step FROM second_factor WHERE account = ?1";
        self.0.read(Statement::new(sql).with(account.as_bytes().as_slice()), |rows| {
            let row = |row: &super::Row| {
                Ok(SecondFactorRow { sealed_seed: row.blob(0)?.to_vec(), last_step: row.int(1)? })
            };
            rows.first().map(row).transpose()
        })
    }

    /// Gives an account its first one, with these recovery codes; false if it has one.
    pub fn enrol(
        &self,
        account: AccountId,
        row: &SecondFactorRow,
        codes: &[[u8; 32]],
        act: Act,
        at_ms: i64,
    ) -> Ask<bool> {
        let insert = Statement::new(
            "INSERT INTO second_factor (account, sealed_seed, last_step, enrolled_at) \
             VALUES (?1, ?2, ?3, ?4) ON CONFLICT (account) DO NOTHING",
        )
        .with(account.as_bytes().as_slice())
        .with(row.sealed_seed.as_slice())
        .with(row.last_step)
        .with(at_ms)
        .expecting(Expect::Some);
        self.attempted(with_codes(Transaction::new().then(insert), account, codes).noting(act))
    }

    /// Uses the code of a step; false if that one or a later one was used before.
    pub fn advance(&self, account: AccountId, step: i64) -> Ask<bool> {
        let sql = "UPDATE second_factor SET last_step = ?2 WHERE account = ?1 AND last_step < ?2";
        let update = Statement::new(sql).with(account.as_bytes().as_slice()).with(step);
        self.0.write(update, |outcome| Ok(outcome.changed(0) > 0))
    }

    /// Uses a recovery code up; false if there is none of that hash.
    pub fn use_code(&self, account: AccountId, hash: &[u8; 32], act: Act) -> Ask<bool> {
        let delete = Statement::new("DELETE FROM recovery_code WHERE hash = ?1 AND account = ?2")
            .with(hash.as_slice())
            .with(account.as_bytes().as_slice())
            .expecting(Expect::Some);
        self.attempted(Transaction::new().then(delete).noting(act))
    }

    /// How many recovery codes are left.
    pub fn codes_left(&self, account: AccountId) -> Ask<usize> {
        let sql = "SELECT COUNT(*) FROM recovery_code WHERE account = ?1";
        self.0.read(Statement::new(sql).with(account.as_bytes().as_slice()), |rows| {
            rows.first().map_or(Ok(0), |row| row.number(0))
        })
    }

    /// Puts these recovery codes in the place of those there are; false if the account has no second factor.
    pub fn replace_codes(&self, account: AccountId, codes: &[[u8; 32]], act: Act) -> Ask<bool> {
        let there = Statement::new("SELECT 1 FROM second_factor WHERE account = ?1")
            .with(account.as_bytes().as_slice())
            .expecting(Expect::Some);
        self.attempted(with_codes(Transaction::new().then(there), account, codes).noting(act))
    }

    /// Takes an account's second factor away, with all of its recovery codes; false if it has none.
    pub fn remove(&self, account: AccountId, act: Act) -> Ask<bool> {
        let factor = Statement::new("DELETE FROM second_factor WHERE account = ?1")
            .with(account.as_bytes().as_slice())
            .expecting(Expect::Some);
        self.attempted(with_codes(Transaction::new().then(factor), account, &[]).noting(act))
    }

    /// False where an expectation is not met.
    fn attempted(&self, transaction: Transaction) -> Ask<bool> {
        self.0.attempt(transaction, |result| match result {
            Ok(_) => Ok(true),
            Err(Failure::Unmet { .. }) => Ok(false),
            Err(Failure::Store(error)) => Err::<_, StoreError>(error),
        })
    }
}

fn with_codes(transaction: Transaction, account: AccountId, codes: &[[u8; 32]]) -> Transaction {
    let old = Statement::new("DELETE FROM recovery_code WHERE account = ?1")
        .with(account.as_bytes().as_slice());
    codes.iter().fold(transaction.then(old), |transaction, hash| {
        transaction.then(
            Statement::new("INSERT INTO recovery_code (hash, account) VALUES (?1, ?2)")
                .with(hash.as_slice())
                .with(account.as_bytes().as_slice()),
        )
    })
}
