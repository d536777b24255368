//! Registered OAuth clients at rest: their secrets as keyed hashes alone.

use super::statement::{Row, Statement, Transaction};
use super::token::scopes;
use super::{Ask, Store, StoreError};
use crate::account::{AccountId, Scopes};
use crate::audit::Act;
use crate::product::ProductId;

/// A client as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientRow {
    /// What it is called by.
    pub id: String,
    /// Who made it: what it does by itself is done within what this account may do.
    pub account: AccountId,
    /// The product it is for, if it is for one.
    pub product: Option<ProductId>,
    /// `installed` or `web`.
    pub kind: String,
    /// What people are shown.
    pub name: String,
    /// The keyed hash of its secret.
    pub secret_hash: [u8; 32],
    /// Where browsers are sent back to.
    pub redirect_uri: Option<String>,
    /// What its tokens may be used for at most.
    pub scopes: Scopes,
    /// In milliseconds since 1970.
    pub created_at_ms: i64,
}

/// Whose clients are meant: of a product, or of an account for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientsOf {
    /// An account's own.
    Account(AccountId),
    /// A product's.
    Product(ProductId),
}

/// The clients in the store.
pub struct Clients<'a>(&'a Store);

impl Store {
    /// The registered OAuth clients.
    #[must_use]
    pub fn clients(&self) -> Clients<'_> {
        Clients(self)
    }
}

impl Clients<'_> {
    /// Keeps a new client.
    pub fn put(&self, row: &ClientRow, act: Act) -> Ask<()> {
        let insert = Statement::new(
            "INSERT INTO client (id, account, product, kind, name, secret_hash, redirect_uri, scopes, created_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )
        .with(row.id.as_str())
        .with(row.account.as_bytes().as_slice())
        .with(row.product.map(|product| product.0))
        .with(row.kind.as_str())
        .with(row.name.as_str())
        .with(row.secret_hash.as_slice())
        .with(row.redirect_uri.clone())
        .with(row.scopes.to_string())
        .with(row.created_at_ms);
        self.0.write(Transaction::from(insert).noting(act), |_| Ok(()))
    }

    /// The client of this id.
    pub fn find(&self, id: &str) -> Ask<Option<ClientRow>> {
        let sql = "SELECT id, account, product, kind, name, secret_hash, redirect_uri, scopes, created_at \
            FROM client WHERE id = ?1";
        self.0.read(Statement::new(sql).with(id), |rows| rows.first().map(client).transpose())
    }

    /// The clients of somebody, the oldest first.
    pub fn list(&self, of: ClientsOf) -> Ask<Vec<ClientRow>> {
        let question = match of {
            ClientsOf::Account(account) => Statement::new(
                "SELECT id, account, product, kind, name, secret_hash, redirect_uri, scopes, created_at \
                 FROM client WHERE account = ?1 AND product IS NULL ORDER BY created_at, id",
            )
            .with(account.as_bytes().as_slice()),
            ClientsOf::Product(product) => Statement::new(
                "SELECT id, account, product, kind, name, secret_hash, redirect_uri, scopes, created_at \
                 FROM client WHERE product = ?1 ORDER BY created_at, id",
            )
            .with(product.0),
        };
        self.0.read(question, |rows| rows.iter().map(client).collect())
    }

    /// Writes the name and the scopes of a client; what it was granted before keeps no more than that.
    pub fn edit(&self, row: &ClientRow, act: Act) -> Ask<bool> {
        let update = Statement::new("UPDATE client SET name = ?2, scopes = ?3 WHERE id = ?1")
            .with(row.id.as_str())
            .with(row.name.as_str())
            .with(row.scopes.to_string());
        self.0.write(Transaction::from(update).noting(act), |outcome| Ok(outcome.changed(0) > 0))
    }

    /// Removes a client, and with it every token that it was given; returns the hashes of those.
    pub fn remove(&self, id: &str, act: Act) -> Ask<Vec<[u8; 32]>> {
        let of = |sql: &'static str| Statement::new(sql).with(id);
        let transaction = Transaction::new()
            .then(of("DELETE FROM token WHERE client = ?1 RETURNING hash"))
            .then(of("DELETE FROM token_family WHERE client = ?1"))
            .then(of("DELETE FROM client WHERE id = ?1"))
            .noting(act);
        self.0.attempt(transaction, super::token::ended)
    }

    /// Ends every token that a client was given: it may do less from now on. Returns their hashes.
    pub fn end_tokens(&self, id: &str, act: Act) -> Ask<Vec<[u8; 32]>> {
        let of = |sql: &'static str| Statement::new(sql).with(id);
        let transaction = Transaction::new()
            .then(of("DELETE FROM token WHERE client = ?1 RETURNING hash"))
            .then(of("DELETE FROM token_family WHERE client = ?1"))
            .noting(act);
        self.0.attempt(transaction, super::token::ended)
    }
}

pub(super) fn client(row: &Row) -> Result<ClientRow, StoreError> {
    Ok(ClientRow {
        id: row.text(0)?.to_owned(),
        account: AccountId::from_bytes(row.array(1)?),
        product: row.maybe_number(2)?.map(ProductId),
        kind: row.text(3)?.to_owned(),
        name: row.text(4)?.to_owned(),
        secret_hash: row.array(5)?,
        redirect_uri: row.maybe_text(6)?.map(str::to_owned),
        scopes: scopes(row, 7)?,
        created_at_ms: row.int(8)?,
    })
}
