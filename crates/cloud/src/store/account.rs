//! Accounts at rest: a keyed hash of the name, a password hash and its cost. Never a name.

use super::statement::{Failure, Row, Statement};
use super::{Ask, Store, StoreError};
use crate::account::AccountId;

/// A password as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct SavedPassword {
    /// The salt of this account.
    pub salt: [u8; 16],
    /// Argon2id of the password.
    pub hash: [u8; 32],
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

/// An account as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// Its id.
    pub id: AccountId,
    /// Its password.
    pub password: SavedPassword,
}

/// The accounts in the store.
pub struct AccountRows<'a>(pub(super) &'a Store);

impl Store {
    /// The accounts.
    #[must_use]
    pub fn accounts(&self) -> AccountRows<'_> {
        AccountRows(self)
    }
}

impl AccountRows<'_> {
    /// The account under this name hash.
    pub fn find(&self, name_hash: &[u8; 32]) -> Ask<Option<AccountRow>> {
        let sql = "SELECT id, salt, password_hash, memory_kib, passes, lanes FROM account WHERE name_hash = ?1";
        self.0.read(Statement::new(sql).with(name_hash.as_slice()), |rows| {
            rows.first().map(account).transpose()
        })
    }

    /// Makes an account; false if one with that name hash exists.
    pub fn create(&self, row: &AccountRow, name_hash: &[u8; 32], at_ms: i64) -> Ask<bool> {
        self.0.attempt(insert_account(row, name_hash, at_ms), |result| match result {
            Ok(_) => Ok(true),
            Err(Failure::Store(StoreError::Conflict(_))) => Ok(false),
            Err(failure) => Err(failure.into()),
        })
    }
}

/// Keeps a new account.
pub(super) fn insert_account(row: &AccountRow, name_hash: &[u8; 32], at_ms: i64) -> Statement {
    Statement::new(
        "INSERT INTO account (id, name_hash, salt, password_hash, memory_kib, passes, lanes, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )
    .with(row.id.as_bytes().as_slice())
    .with(name_hash.as_slice())
    .with(row.password.salt.as_slice())
    .with(row.password.hash.as_slice())
    .with(row.password.memory_kib)
    .with(row.password.passes)
    .with(row.password.lanes)
    .with(at_ms)
}

fn account(row: &Row) -> Result<AccountRow, StoreError> {
    Ok(AccountRow {
        id: AccountId::from_bytes(row.array(0)?),
        password: SavedPassword {
            salt: row.array(1)?,
            hash: row.array(2)?,
            memory_kib: row.number(3)?,
            passes: row.number(4)?,
            lanes: row.number(5)?,
        },
    })
}
