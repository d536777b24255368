//! Accounts at rest: a keyed hash of the name, a password hash and its cost. Never a name.

use super::statement::{Expect, Failure, Row, Statement, Transaction};
use super::{Ask, Store, StoreError};
use crate::account::{AccountId, Cost, Holder};
use crate::audit::Act;
use crate::node_key::Generation;

/// A password as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct SavedPassword {
    /// The salt of this account.
    pub salt: [u8; 16],
    /// Argon2id of the password.
    pub hash: [u8; 32],
    /// What the hash cost.
    pub cost: Cost,
    /// Which pepper it is under.
    pub pepper: Generation,
}

/// An account as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// Its id.
    pub id: AccountId,
    /// Which key its name is hashed under.
    pub name_key: Generation,
    /// Its password.
    pub password: SavedPassword,
}

/// What is known of an account, for an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownAccount {
    /// Its id.
    pub id: AccountId,
    /// For what kind of holder it is.
    pub holder: Holder,
    /// Whether it has a second factor.
    pub has_second_factor: bool,
    /// How many devices are its own.
    pub devices: usize,
    /// In milliseconds since 1970.
    pub created_at_ms: i64,
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
        let sql = "SELECT id, salt, password_hash, memory_kib, passes, lanes, pepper, name_key FROM account \
            WHERE name_hash = ?1";
        self.0.read(Statement::new(sql).with(name_hash.as_slice()), |rows| {
            rows.first().map(account).transpose()
        })
    }

    /// The person whose account's id begins with these bytes: a customer of a product logs in to that product alone.
    pub fn find_by_handle(&self, handle: &[u8; 12]) -> Ask<Option<AccountRow>> {
        let sql = "SELECT id, salt, password_hash, memory_kib, passes, lanes, pepper, name_key FROM account \
            WHERE id >= ?1 AND id <= ?2 AND NOT EXISTS \
            (SELECT 1 FROM customer WHERE customer.account = account.id) ORDER BY id LIMIT 1";
        let end = |with: u8| [handle.as_slice(), &[with; 4]].concat();
        self.0.read(Statement::new(sql).with(end(0)).with(end(u8::MAX)), |rows| {
            rows.first().map(account).transpose()
        })
    }

    /// The account of this id.
    pub fn get(&self, id: AccountId) -> Ask<Option<AccountRow>> {
        let sql = "SELECT id, salt, password_hash, memory_kib, passes, lanes, pepper, name_key FROM account WHERE id = ?1";
        self.0.read(Statement::new(sql).with(id.as_bytes().as_slice()), |rows| {
            rows.first().map(account).transpose()
        })
    }

    /// All of them, the oldest first.
    pub fn list(&self) -> Ask<Vec<KnownAccount>> {
        let sql = "SELECT a.id, a.created_at, \
            (SELECT COUNT(*) FROM second_factor f WHERE f.account = a.id), \
            (SELECT COUNT(*) FROM device d WHERE d.owner = a.id), \
            (SELECT COUNT(*) FROM customer c WHERE c.account = a.id), \
            (SELECT COUNT(*) FROM member m WHERE m.account = a.id AND m.role IS NULL) \
            FROM account a ORDER BY a.created_at, a.id";
        self.0.read(Statement::new(sql), |rows| rows.iter().map(known).collect())
    }

    /// Sets another password; false if there is no such account.
    pub fn set_password(&self, id: AccountId, password: &SavedPassword, act: Act) -> Ask<bool> {
        let sql = "UPDATE account SET salt = ?2, password_hash = ?3, memory_kib = ?4, passes = ?5, lanes = ?6, \
            pepper = ?7 WHERE id = ?1";
        let update = hashed(Statement::new(sql).with(id.as_bytes().as_slice()), password);
        self.changed(Transaction::from(update.expecting(Expect::Some)).noting(act))
    }

    /// Puts another hash of the same password in the place of this one, unless there is another password meanwhile.
    pub fn hash_anew(&self, id: AccountId, old: &[u8; 32], new: &SavedPassword) -> Ask<()> {
        let sql = "UPDATE account SET salt = ?2, password_hash = ?3, memory_kib = ?4, passes = ?5, lanes = ?6, \
            pepper = ?7 WHERE id = ?1 AND password_hash = ?8";
        let update = hashed(Statement::new(sql).with(id.as_bytes().as_slice()), new);
        self.0.write(update.with(old.as_slice()), |_| Ok(()))
    }

    /// Lets an account be found under another name; false if that one is taken.
    pub fn set_name(
        &self,
        id: AccountId,
        name_hash: &[u8; 32],
        name_key: Generation,
        act: Act,
    ) -> Ask<bool> {
        self.changed(Transaction::from(renamed(id, name_hash, name_key)).noting(act))
    }

    /// Lets an account be found by the same name, hashed under another key; false if it is gone.
    pub fn move_name(
        &self,
        id: AccountId,
        name_hash: &[u8; 32],
        name_key: Generation,
    ) -> Ask<bool> {
        self.changed(renamed(id, name_hash, name_key).into())
    }

    /// Which keys names are hashed under, and which peppers passwords are under.
    pub(crate) fn keys_in_use(&self) -> Ask<(Vec<Generation>, Vec<Generation>)> {
        let sql = "SELECT name_key, 0 FROM account UNION SELECT pepper, 1 FROM account";
        self.0.read(Statement::new(sql), |rows| {
            let of = |kind| -> Result<Vec<_>, StoreError> {
                let mut found = Vec::new();
                for row in rows {
                    if row.int(1)? == kind {
                        found.push(Generation(row.number(0)?));
                    }
                }
                Ok(found)
            };
            Ok((of(0)?, of(1)?))
        })
    }

    /// Removes an account with all that is only its own; its devices are nobody's then. False if there is none, or if it
    /// owns a product or an organisation.
    pub fn remove(&self, id: AccountId, act: Act) -> Ask<bool> {
        let owns = Statement::new(
            "SELECT 1 FROM member WHERE account = ?1 AND organization IS NOT NULL AND role = 'owner'",
        )
        .with(id.as_bytes().as_slice())
        .expecting(Expect::None);
        let delete = Statement::new("DELETE FROM account WHERE id = ?1")
            .with(id.as_bytes().as_slice())
            .expecting(Expect::Some);
        self.changed(Transaction::new().then(owns).then(delete).noting(act))
    }

    /// False where there is no such account, or its name is another's.
    fn changed(&self, transaction: Transaction) -> Ask<bool> {
        self.0.attempt(transaction, |result| match result {
            Ok(_) => Ok(true),
            Err(Failure::Unmet { .. } | Failure::Store(StoreError::Conflict(_))) => Ok(false),
            Err(failure) => Err(failure.into()),
        })
    }

    /// Makes an account; false if one with that name hash exists.
    pub fn create(
        &self,
        row: &AccountRow,
        name_hash: &[u8; 32],
        act: Act,
        at_ms: i64,
    ) -> Ask<bool> {
        let insert = insert_account(row, name_hash, at_ms);
        self.0.attempt(Transaction::from(insert).noting(act), |result| match result {
            Ok(_) => Ok(true),
            Err(Failure::Store(StoreError::Conflict(_))) => Ok(false),
            Err(failure) => Err(failure.into()),
        })
    }
}

/// Keeps a new account.
pub(super) fn insert_account(row: &AccountRow, name_hash: &[u8; 32], at_ms: i64) -> Statement {
    let insert = Statement::new(
        "INSERT INTO account (id, name_hash, salt, password_hash, memory_kib, passes, lanes, pepper, created_at, name_key) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )
    .with(row.id.as_bytes().as_slice())
    .with(name_hash.as_slice());
    hashed(insert, &row.password).with(at_ms).with(row.name_key.0)
}

fn renamed(id: AccountId, name_hash: &[u8; 32], name_key: Generation) -> Statement {
    Statement::new("UPDATE account SET name_hash = ?2, name_key = ?3 WHERE id = ?1")
        .with(id.as_bytes().as_slice())
        .with(name_hash.as_slice())
        .with(name_key.0)
        .expecting(Expect::Some)
}

/// The values of a password, in the order of their columns.
fn hashed(statement: Statement, password: &SavedPassword) -> Statement {
    statement
        .with(password.salt.as_slice())
        .with(password.hash.as_slice())
        .with(password.cost.memory_kib)
        .with(password.cost.passes)
        .with(password.cost.lanes)
        .with(password.pepper.0)
}

fn known(row: &Row) -> Result<KnownAccount, StoreError> {
    let holder = match (row.int(4)?, row.int(5)?) {
        (0, 0) => Holder::Person,
        (0, _) => Holder::Service,
        _ => Holder::Customer,
    };
    Ok(KnownAccount {
        id: AccountId::from_bytes(row.array(0)?),
        holder,
        has_second_factor: row.int(2)? > 0,
        devices: row.number(3)?,
        created_at_ms: row.int(1)?,
    })
}

fn account(row: &Row) -> Result<AccountRow, StoreError> {
    Ok(AccountRow {
        id: AccountId::from_bytes(row.array(0)?),
        name_key: Generation(row.number(7)?),
        password: SavedPassword {
            salt: row.array(1)?,
            hash: row.array(2)?,
            cost: Cost {
                memory_kib: row.number(3)?,
                passes: row.number(4)?,
                lanes: row.number(5)?,
            },
            pepper: Generation(row.number(6)?),
        },
    })
}
