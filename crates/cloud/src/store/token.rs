//! API tokens at rest: a keyed hash of the token, and the user name sealed so that only the token opens it.

use super::statement::{Expect, Failure, Outcome, Row, Statement, Transaction};
use super::{Ask, Store, StoreError};
use crate::account::{AccountId, Holder, Scopes};
use crate::audit::Act;
use crate::product::ProductId;

/// A token as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// The keyed hash it is found by.
    pub hash: [u8; 32],
    /// Whose it is.
    pub account: AccountId,
    /// The OAuth client it was issued to.
    pub client: String,
    /// For what kind of holder it was made.
    pub holder: Holder,
    /// The one product it is good for, where it is bound to one.
    pub product: Option<ProductId>,
    /// What it may be used for.
    pub scopes: Scopes,
    /// When a second factor was last proven for it, in milliseconds since 1970.
    pub second_factor_at_ms: Option<i64>,
    /// The family it ends with, where it can be refreshed.
    pub family: Option<[u8; 16]>,
    /// The name typed at login, sealed under a key made of the token itself.
    pub sealed_name: Vec<u8>,
    /// In milliseconds since 1970.
    pub created_at_ms: i64,
    /// In milliseconds since 1970; [`i64::MAX`] is never.
    pub expires_at_ms: i64,
}

/// The tokens in the store.
pub struct Tokens<'a>(pub(super) &'a Store);

impl Store {
    /// The API tokens.
    #[must_use]
    pub fn tokens(&self) -> Tokens<'_> {
        Tokens(self)
    }
}

impl Tokens<'_> {
    /// Keeps a token, and drops those that expired before it was made. False where it is to be a person's, and the
    /// account is a customer's: nothing is kept then.
    pub fn put(&self, token: &TokenRow, act: Act) -> Ask<bool> {
        let transaction = Transaction::new()
            .then(no_customer(token))
            .then(expire(token.created_at_ms))
            .then(insert(token));
        self.0.attempt(transaction.noting(act), met)
    }

    /// The token under this hash, if it has not expired at `now_ms`.
    pub fn find(&self, hash: &[u8; 32], now_ms: i64) -> Ask<Option<TokenRow>> {
        let sql = "SELECT hash, account, client, holder, product, scopes, second_factor_at, family, sealed_name, \
            created_at, expires_at FROM token WHERE hash = ?1 AND expires_at > ?2";
        let question = Statement::new(sql).with(hash.as_slice()).with(now_ms);
        self.0.read(question, |rows| rows.first().map(token).transpose())
    }

    /// The tokens of an account that have not expired at `now_ms`, the newest first.
    pub fn list(&self, account: AccountId, now_ms: i64) -> Ask<Vec<TokenRow>> {
        let sql = "SELECT hash, account, client, holder, product, scopes, second_factor_at, family, sealed_name, \
            created_at, expires_at FROM token WHERE account = ?1 AND expires_at > ?2 \
            ORDER BY created_at DESC, hash";
        let question = Statement::new(sql).with(account.as_bytes().as_slice()).with(now_ms);
        self.0.read(question, |rows| rows.iter().map(token).collect())
    }

    /// Writes down when a second factor was proven; false if there is no such token.
    pub fn step_up(&self, hash: &[u8; 32], act: Act, at_ms: i64) -> Ask<bool> {
        let sql = "UPDATE token SET second_factor_at = ?2 WHERE hash = ?1";
        let update = Statement::new(sql).with(hash.as_slice()).with(at_ms).expecting(Expect::Some);
        self.0.attempt(Transaction::from(update).noting(act), |result| match result {
            Ok(_) => Ok(true),
            Err(Failure::Unmet { .. }) => Ok(false),
            Err(failure) => Err(failure.into()),
        })
    }

    /// Revokes one token and, where it has one, all of its family; returns the hashes of what ended.
    pub fn revoke(&self, hash: &[u8; 32], act: Act) -> Ask<Vec<[u8; 32]>> {
        let read = "SELECT hash FROM token WHERE hash = ?1 \
            OR family = (SELECT family FROM token WHERE hash = ?1)";
        // Its members go with a family.
        let family =
            "DELETE FROM token_family WHERE id = (SELECT family FROM token WHERE hash = ?1)";
        let alone = "DELETE FROM token WHERE hash = ?1";
        let of = |sql: &'static str| Statement::new(sql).with(hash.as_slice());
        let transaction = Transaction::new()
            .then(of(read).expecting(Expect::Some))
            .then(of(family))
            .then(of(alone))
            .noting(act);
        self.0.attempt(transaction, ended)
    }

    /// Revokes every token of an account, and what refreshes them.
    pub fn revoke_all(&self, account: AccountId, act: Act) -> Ask<usize> {
        let of = |sql: &'static str| Statement::new(sql).with(account.as_bytes().as_slice());
        let transaction = Transaction::new()
            .then(of("DELETE FROM token WHERE account = ?1"))
            .then(of("DELETE FROM token_family WHERE account = ?1"))
            .noting(act);
        self.0.write(transaction, |outcome| Ok(outcome.changed(0)))
    }
}

/// A customer gets no token of another kind, whatever way somebody came to ask for one.
pub(super) fn no_customer(token: &TokenRow) -> Statement {
    let sql = "SELECT 1 FROM customer WHERE account = ?1 AND ?2 <> 'customer'";
    Statement::new(sql)
        .with(token.account.as_bytes().as_slice())
        .with(token.holder.name())
        .expecting(Expect::None)
}

/// Whether all that was expected was found.
pub(super) fn met(result: Result<Outcome, Failure>) -> Result<bool, StoreError> {
    match result {
        Ok(_) => Ok(true),
        Err(Failure::Unmet { .. }) => Ok(false),
        Err(Failure::Store(error)) => Err(error),
    }
}

/// The hashes that the first statement returned; none where it found nothing.
pub(super) fn ended(result: Result<Outcome, Failure>) -> Result<Vec<[u8; 32]>, StoreError> {
    match result {
        Ok(outcome) => outcome.rows(0).iter().map(|row| row.array(0)).collect(),
        Err(Failure::Unmet { .. }) => Ok(Vec::new()),
        Err(Failure::Store(error)) => Err(error),
    }
}

/// Drops what expired.
pub(super) fn expire(now_ms: i64) -> Statement {
    Statement::new("DELETE FROM token WHERE expires_at <= ?1").with(now_ms)
}

pub(super) fn insert(token: &TokenRow) -> Statement {
    Statement::new(
        "INSERT INTO token (hash, account, client, holder, product, scopes, second_factor_at, family, sealed_name, \
         created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )
    .with(token.hash.as_slice())
    .with(token.account.as_bytes().as_slice())
    .with(token.client.as_str())
    .with(token.holder.name())
    .with(token.product.map(|product| product.0))
    .with(token.scopes.to_string())
    .with(token.second_factor_at_ms)
    .with(token.family.map(Vec::from))
    .with(token.sealed_name.as_slice())
    .with(token.created_at_ms)
    .with(token.expires_at_ms)
}

/// The kind of holder in a column.
pub(super) fn holder(row: &Row, column: usize) -> Result<Holder, StoreError> {
    Holder::from_name(row.text(column)?)
        .ok_or_else(|| StoreError::corrupt("a token for a kind of holder that there is not"))
}

/// The scopes in a column.
pub(super) fn scopes(row: &Row, column: usize) -> Result<Scopes, StoreError> {
    row.text(column)?
        .parse()
        .map_err(|_| StoreError::corrupt("a scope that this release does not know"))
}

fn token(row: &Row) -> Result<TokenRow, StoreError> {
    Ok(TokenRow {
        hash: row.array(0)?,
        account: AccountId::from_bytes(row.array(1)?),
        client: row.text(2)?.to_owned(),
        holder: holder(row, 3)?,
        product: row.maybe_number(4)?.map(ProductId),
        scopes: scopes(row, 5)?,
        second_factor_at_ms: row.maybe_int(6)?,
        family: row.maybe_array(7)?,
        sealed_name: row.blob(8)?.to_vec(),
        created_at_ms: row.int(9)?,
        expires_at_ms: row.int(10)?,
    })
}
