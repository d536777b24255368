//! API tokens at rest: a keyed hash of the token, and the user name sealed so that only the token opens it.

use super::statement::{Row, Statement, Transaction};
use super::{Ask, Store, StoreError};
use crate::account::AccountId;

/// A token as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// The keyed hash it is found by.
    pub hash: [u8; 32],
    /// Whose it is.
    pub account: AccountId,
    /// The OAuth client it was issued to.
    pub client: String,
    /// The name typed at login, sealed under a key made of the token itself.
    pub sealed_name: Vec<u8>,
    /// In milliseconds since 1970.
    pub created_at_ms: i64,
    /// In milliseconds since 1970.
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
    /// Keeps a token, and drops those that expired before it was made.
    pub fn put(&self, token: &TokenRow) -> Ask<()> {
        let insert = Statement::new(
            "INSERT INTO token (hash, account, client, sealed_name, created_at, expires_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .with(token.hash.as_slice())
        .with(token.account.as_bytes().as_slice())
        .with(token.client.as_str())
        .with(token.sealed_name.as_slice())
        .with(token.created_at_ms)
        .with(token.expires_at_ms);
        let expire =
            Statement::new("DELETE FROM token WHERE expires_at <= ?1").with(token.created_at_ms);
        self.0.write(Transaction::new().then(expire).then(insert), |_| Ok(()))
    }

    /// The token under this hash, if it has not expired at `now_ms`.
    pub fn find(&self, hash: &[u8; 32], now_ms: i64) -> Ask<Option<TokenRow>> {
        let sql = "SELECT hash, account, client, sealed_name, created_at, expires_at FROM token \
            WHERE hash = ?1 AND expires_at > ?2";
        let question = Statement::new(sql).with(hash.as_slice()).with(now_ms);
        self.0.read(question, |rows| rows.first().map(token).transpose())
    }

    /// Revokes one token; false if there was none.
    pub fn revoke(&self, hash: &[u8; 32]) -> Ask<bool> {
        let statement = Statement::new("DELETE FROM token WHERE hash = ?1").with(hash.as_slice());
        self.0.write(statement, |outcome| Ok(outcome.changed(0) > 0))
    }

    /// Revokes every token of an account.
    pub fn revoke_all(&self, account: AccountId) -> Ask<usize> {
        let statement = Statement::new("DELETE FROM token WHERE account = ?1")
            .with(account.as_bytes().as_slice());
        self.0.write(statement, |outcome| Ok(outcome.changed(0)))
    }
}

fn token(row: &Row) -> Result<TokenRow, StoreError> {
    Ok(TokenRow {
        hash: row.array(0)?,
        account: AccountId::from_bytes(row.array(1)?),
        client: row.text(2)?.to_owned(),
        sealed_name: row.blob(3)?.to_vec(),
        created_at_ms: row.int(4)?,
        expires_at_ms: row.int(5)?,
    })
}
