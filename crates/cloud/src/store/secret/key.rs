//! The public keys that people registered to be sent secrets under.

use crate::account::AccountId;
use crate::audit::Act;
use crate::secret::{Fingerprint, RecipientKey};
use crate::store::statement::{Expect, Failure, Row, Statement, Transaction};
use crate::store::{Ask, Store, StoreError};

/// Keys that an account may have.
pub const MAX_KEYS: usize = 8;

/// A key as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// SPKI as DER.
    pub spki: Vec<u8>,
    /// In milliseconds since 1970.
    pub added_at_ms: i64,
}

/// What became of adding a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddKey {
    /// It is there now.
    Added,
    /// It was there.
    Same,
    /// The account has as many as it may.
    TooMany,
}

/// The registered keys in the store.
pub struct SecretKeys<'a>(&'a Store);

impl Store {
    /// The keys that people registered for secrets.
    #[must_use]
    pub fn secret_keys(&self) -> SecretKeys<'_> {
        SecretKeys(self)
    }
}

impl SecretKeys<'_> {
    /// Adds a key to an account.
    pub fn add(&self, account: AccountId, key: &RecipientKey, at_ms: i64, act: Act) -> Ask<AddKey> {
        let full = "SELECT 1 FROM secret_key WHERE account = ?1 LIMIT 1 OFFSET ?2";
        let last = i64::try_from(MAX_KEYS - 1).unwrap_or(i64::MAX);
        let full = Statement::new(full)
            .with(account.as_bytes().as_slice())
            .with(last)
            .expecting(Expect::None);
        let insert =
            "INSERT INTO secret_key (fingerprint, account, spki, added_at) VALUES (?1, ?2, ?3, ?4)";
        let insert = Statement::new(insert)
            .with(key.fingerprint().0.as_slice())
            .with(account.as_bytes().as_slice())
            .with(key.spki())
            .with(at_ms);
        let transaction = Transaction::new().then(full).then(insert).noting(act);
        self.0.attempt(transaction, |result| match result {
            Ok(_) => Ok(AddKey::Added),
            Err(Failure::Unmet { .. }) => Ok(AddKey::TooMany),
            Err(Failure::Store(StoreError::Conflict(_))) => Ok(AddKey::Same),
            Err(failure) => Err(failure.into()),
        })
    }

    /// The keys of an account, the newest first.
    pub fn list(&self, account: AccountId) -> Ask<Vec<KeyRow>> {
        let sql = "SELECT fingerprint, spki, added_at FROM secret_key WHERE account = ?1 \
            ORDER BY added_at DESC, fingerprint";
        let question = Statement::new(sql).with(account.as_bytes().as_slice());
        self.0.read(question, |rows| rows.iter().map(key).collect())
    }

    /// Removes a key; false if the account has none of that fingerprint.
    pub fn remove(&self, account: AccountId, fingerprint: Fingerprint, act: Act) -> Ask<bool> {
        let sql = "DELETE FROM secret_key WHERE account = ?1 AND fingerprint = ?2";
        let remove = Statement::new(sql)
            .with(account.as_bytes().as_slice())
            .with(fingerprint.0.as_slice())
            .expecting(Expect::Some);
        self.0.attempt(Transaction::from(remove).noting(act), |result| match result {
            Ok(_) => Ok(true),
            Err(Failure::Unmet { .. }) => Ok(false),
            Err(failure) => Err(failure.into()),
        })
    }
}

fn key(row: &Row) -> Result<KeyRow, StoreError> {
    Ok(KeyRow {
        fingerprint: Fingerprint(row.array(0)?),
        spki: row.blob(1)?.to_vec(),
        added_at_ms: row.int(2)?,
    })
}
