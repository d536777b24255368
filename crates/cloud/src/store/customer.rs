//! Customers of products at rest: accounts, and which product each is for.

use super::statement::{Failure, Row, Statement, Transaction};
use super::token::ended;
use super::{Ask, Store, StoreError};
use crate::account::AccountId;
use crate::audit::Act;
use crate::product::ProductId;
use crate::store::account::{AccountRow, SavedPassword, insert_account};
use pintle_protocol::DeviceId;

/// The customers in the store.
pub struct Customers<'a>(&'a Store);

impl Store {
    /// The customers of products.
    #[must_use]
    pub fn customers(&self) -> Customers<'_> {
        Customers(self)
    }
}

impl Customers<'_> {
    /// Makes a customer; false if the product has one of that name hash.
    pub fn create(
        &self,
        product: ProductId,
        row: &AccountRow,
        name_hash: &[u8; 32],
        at_ms: i64,
        act: Act,
    ) -> Ask<bool> {
        let insert = Statement::new(
            "INSERT INTO customer (account, product, created_at) VALUES (?1, ?2, ?3)",
        )
        .with(row.id.as_bytes().as_slice())
        .with(product.0)
        .with(at_ms);
        let transaction =
            Transaction::from(insert_account(row, name_hash, at_ms)).then(insert).noting(act);
        self.0.attempt(transaction, |result| match result {
            Ok(_) => Ok(true),
            Err(Failure::Store(StoreError::Conflict(_))) => Ok(false),
            Err(failure) => Err(failure.into()),
        })
    }

    /// `most` customers of a product after the first `skipped`, the oldest first.
    pub fn list(&self, product: ProductId, skipped: u32, most: u32) -> Ask<Vec<AccountId>> {
        let sql = "SELECT account FROM customer WHERE product = ?1 ORDER BY created_at, account \
            LIMIT ?2 OFFSET ?3";
        let question = Statement::new(sql).with(product.0).with(most).with(skipped);
        self.0.read(question, |rows| {
            rows.iter().map(|row| Ok(AccountId::from_bytes(row.array(0)?))).collect()
        })
    }

    /// The customer of a product with this handle: the first 12 bytes of its id, in hex digits.
    pub fn by_handle(&self, product: ProductId, handle: &str) -> Ask<Option<AccountId>> {
        let sql = "SELECT account FROM customer WHERE product = ?1 AND lower(hex(substr(account, 1, 12))) = ?2";
        let question = Statement::new(sql).with(product.0).with(handle.to_lowercase());
        self.0.read(question, |rows| {
            rows.first().map(|row| Ok(AccountId::from_bytes(row.array(0)?))).transpose()
        })
    }

    /// How many customers a product has.
    pub fn count(&self, product: ProductId) -> Ask<u32> {
        let sql = "SELECT COUNT(*) FROM customer WHERE product = ?1";
        self.0.read(Statement::new(sql).with(product.0), |rows| {
            rows.first().map_or(Ok(0), |row: &Row| row.number(0))
        })
    }

    /// The devices that are a customer's own.
    pub fn devices(&self, customer: AccountId) -> Ask<Vec<DeviceId>> {
        let sql = "SELECT id FROM device WHERE owner = ?1 ORDER BY id";
        self.0.read(Statement::new(sql).with(customer.as_bytes().as_slice()), |rows| {
            rows.iter().map(|row| Ok(DeviceId::from_bytes(row.array(0)?))).collect()
        })
    }

    /// Gives a customer another password, and ends all of the customer's tokens; returns their hashes.
    pub fn set_password(
        &self,
        customer: AccountId,
        password: &SavedPassword,
        act: Act,
    ) -> Ask<Vec<[u8; 32]>> {
        let update = Statement::new(
            "UPDATE account SET salt = ?2, password_hash = ?3, memory_kib = ?4, passes = ?5, lanes = ?6, \
             pepper = ?7 WHERE id = ?1",
        )
        .with(customer.as_bytes().as_slice())
        .with(password.salt.as_slice())
        .with(password.hash.as_slice())
        .with(password.cost.memory_kib)
        .with(password.cost.passes)
        .with(password.cost.lanes)
        .with(password.pepper.0);
        let transaction = tokens_end(customer).then(update).noting(act);
        self.0.attempt(transaction, ended)
    }

    /// Removes a customer with all tokens: the devices are nobody's then. Returns the hashes of the tokens.
    pub fn remove(&self, customer: AccountId, act: Act) -> Ask<Vec<[u8; 32]>> {
        let remove = Statement::new("DELETE FROM account WHERE id = ?1")
            .with(customer.as_bytes().as_slice());
        self.0.attempt(tokens_end(customer).then(remove).noting(act), ended)
    }
}

fn tokens_end(customer: AccountId) -> Transaction {
    let of = |sql: &'static str| Statement::new(sql).with(customer.as_bytes().as_slice());
    Transaction::new()
        .then(of("DELETE FROM token WHERE account = ?1 RETURNING hash"))
        .then(of("DELETE FROM token_family WHERE account = ?1"))
}
