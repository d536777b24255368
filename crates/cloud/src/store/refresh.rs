//! Logins that can be refreshed, at rest: families of tokens, and the refresh tokens of each, used ones included.

use super::statement::{Expect, Row, Statement, Transaction};
use super::token::{TokenRow, ended, expire, holder, insert, met, no_customer, scopes};
use super::{Ask, Store, StoreError};
use crate::account::{AccountId, Holder, Scopes};
use crate::audit::Act;
use crate::product::ProductId;

/// A login that can be refreshed, as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct FamilyRow {
    /// Random.
    pub id: [u8; 16],
    /// Whose it is.
    pub account: AccountId,
    /// The OAuth client it was granted to.
    pub client: String,
    /// For what kind of holder.
    pub holder: Holder,
    /// The one product it is good for, where it is bound to one.
    pub product: Option<ProductId>,
    /// What was granted.
    pub scopes: Scopes,
    /// When a second factor was proven, in milliseconds since 1970.
    pub second_factor_at_ms: Option<i64>,
    /// In milliseconds since 1970.
    pub created_at_ms: i64,
    /// When its last refresh token ends, in milliseconds since 1970.
    pub ends_at_ms: i64,
}

/// A refresh token as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshRow {
    /// The keyed hash it is found by.
    pub hash: [u8; 32],
    /// The family it is of.
    pub family: [u8; 16],
    /// The name typed at login, sealed under a key made of the token itself; empty in a used one.
    pub sealed_name: Vec<u8>,
    /// In milliseconds since 1970.
    pub created_at_ms: i64,
    /// In milliseconds since 1970.
    pub expires_at_ms: i64,
    /// Whether it was used.
    pub used: bool,
}

/// The logins that can be refreshed.
pub struct Refreshes<'a>(&'a Store);

impl Store {
    /// The logins that can be refreshed.
    #[must_use]
    pub fn refreshes(&self) -> Refreshes<'_> {
        Refreshes(self)
    }
}

impl Refreshes<'_> {
    /// Keeps a new family with its first two tokens, and drops what expired before. False as in [`super::token::Tokens::put`].
    pub fn begin(
        &self,
        family: &FamilyRow,
        first: &RefreshRow,
        token: &TokenRow,
        act: Act,
    ) -> Ask<bool> {
        let old = Statement::new(
            "DELETE FROM token_family WHERE ends_at <= ?1 AND NOT EXISTS \
            (SELECT 1 FROM token WHERE token.family = token_family.id AND token.expires_at > ?1)",
        )
        .with(family.created_at_ms);
        let transaction = Transaction::new()
            .then(no_customer(token))
            .then(expire(family.created_at_ms))
            .then(old)
            .then(insert_family(family))
            .then(insert_refresh(first))
            .then(insert(token));
        self.0.attempt(transaction.noting(act), met)
    }

    /// A refresh token, used or not, with its family, if it has not expired at `now_ms`.
    pub fn find(&self, hash: &[u8; 32], now_ms: i64) -> Ask<Option<(RefreshRow, FamilyRow)>> {
        let sql = "SELECT r.hash, r.family, r.sealed_name, r.created_at, r.expires_at, r.used_at, \
            f.account, f.client, f.holder, f.product, f.scopes, f.second_factor_at, f.created_at, f.ends_at \
            FROM refresh_token r JOIN token_family f ON f.id = r.family WHERE r.hash = ?1 AND f.ends_at > ?2";
        let question = Statement::new(sql).with(hash.as_slice()).with(now_ms);
        self.0.read(question, |rows| rows.first().map(both).transpose())
    }

    /// Puts a new pair of tokens in the place of a refresh token; false if it was used, or ended, meanwhile.
    pub fn rotate(
        &self,
        used: &[u8; 32],
        next: &RefreshRow,
        token: &TokenRow,
        act: Act,
    ) -> Ask<bool> {
        let spend = "UPDATE refresh_token SET used_at = ?2, sealed_name = ?3 \
            WHERE hash = ?1 AND used_at IS NULL AND expires_at > ?2";
        let spend = Statement::new(spend)
            .with(used.as_slice())
            .with(next.created_at_ms)
            .with(Vec::<u8>::new())
            .expecting(Expect::Some);
        let longer = Statement::new("UPDATE token_family SET ends_at = ?2 WHERE id = ?1")
            .with(next.family.as_slice())
            .with(next.expires_at_ms);
        let transaction = Transaction::new()
            .then(spend)
            .then(longer)
            .then(insert_refresh(next))
            .then(expire(next.created_at_ms))
            .then(insert(token));
        self.0.attempt(transaction.noting(act), met)
    }

    /// Ends a family: returns the hashes of its tokens that ended with it.
    pub fn end(&self, family: &[u8; 16], act: Act) -> Ask<Vec<[u8; 32]>> {
        let of = |sql: &'static str| Statement::new(sql).with(family.as_slice());
        let transaction = Transaction::new()
            .then(of("SELECT hash FROM token WHERE family = ?1"))
            .then(of("DELETE FROM token_family WHERE id = ?1").expecting(Expect::Some))
            .noting(act);
        self.0.attempt(transaction, ended)
    }
}

fn insert_family(family: &FamilyRow) -> Statement {
    Statement::new(
        "INSERT INTO token_family (id, account, client, holder, product, scopes, second_factor_at, created_at, \
         ends_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )
    .with(family.id.as_slice())
    .with(family.account.as_bytes().as_slice())
    .with(family.client.as_str())
    .with(family.holder.name())
    .with(family.product.map(|product| product.0))
    .with(family.scopes.to_string())
    .with(family.second_factor_at_ms)
    .with(family.created_at_ms)
    .with(family.ends_at_ms)
}

fn insert_refresh(refresh: &RefreshRow) -> Statement {
    Statement::new(
        "INSERT INTO refresh_token (hash, family, sealed_name, created_at, expires_at) \
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )
    .with(refresh.hash.as_slice())
    .with(refresh.family.as_slice())
    .with(refresh.sealed_name.as_slice())
    .with(refresh.created_at_ms)
    .with(refresh.expires_at_ms)
}

fn both(row: &Row) -> Result<(RefreshRow, FamilyRow), StoreError> {
    let refresh = RefreshRow {
        hash: row.array(0)?,
        family: row.array(1)?,
        sealed_name: row.blob(2)?.to_vec(),
        created_at_ms: row.int(3)?,
        expires_at_ms: row.int(4)?,
        used: row.maybe_int(5)?.is_some(),
    };
    let family = FamilyRow {
        id: refresh.family,
        account: AccountId::from_bytes(row.array(6)?),
        client: row.text(7)?.to_owned(),
        holder: holder(row, 8)?,
        product: row.maybe_number(9)?.map(ProductId),
        scopes: scopes(row, 10)?,
        second_factor_at_ms: row.maybe_int(11)?,
        created_at_ms: row.int(12)?,
        ends_at_ms: row.int(13)?,
    };
    Ok((refresh, family))
}
