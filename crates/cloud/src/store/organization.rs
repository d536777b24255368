//! Organisations at rest.

use super::member::{Joining, standing};
use super::statement::{Expect, Failure, Row, Statement, Transaction};
use super::{Ask, Store, StoreError};
use crate::account::{AccountId, OrganizationId, Standing};
use crate::audit::Act;

/// An organisation as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationRow {
    /// Its number.
    pub id: OrganizationId,
    /// Its name in addresses, unique.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// In milliseconds since 1970.
    pub created_at_ms: i64,
}

/// The organisations in the store.
pub struct Organizations<'a>(pub(super) &'a Store);

impl Store {
    /// The organisations.
    #[must_use]
    pub fn organizations(&self) -> Organizations<'_> {
        Organizations(self)
    }
}

impl Organizations<'_> {
    /// Makes an organisation with its first owner; false where the slug is taken.
    pub fn create(&self, row: &OrganizationRow, owner: AccountId, act: Act) -> Ask<bool> {
        let insert = Statement::new(
            "INSERT INTO organization (id, slug, name, created_at) VALUES (?1, ?2, ?3, ?4)",
        )
        .with(row.id.as_bytes().as_slice())
        .with(row.slug.as_str())
        .with(row.name.as_str())
        .with(row.created_at_ms);
        let first = Joining::owner(owner, row.id, row.created_at_ms).statement();
        self.0.attempt(Transaction::new().then(insert).then(first).noting(act), |result| {
            match result {
                Ok(_) => Ok(true),
                Err(Failure::Store(StoreError::Conflict(_))) => Ok(false),
                Err(failure) => Err(failure.into()),
            }
        })
    }

    /// The organisation with this number.
    pub fn find(&self, id: OrganizationId) -> Ask<Option<OrganizationRow>> {
        let sql = "SELECT id, slug, name, created_at FROM organization WHERE id = ?1";
        let question = Statement::new(sql).with(id.as_bytes().as_slice());
        self.0.read(question, |rows| rows.first().map(organization).transpose())
    }

    /// The organisation with this slug.
    pub fn find_by_slug(&self, slug: &str) -> Ask<Option<OrganizationRow>> {
        let sql = "SELECT id, slug, name, created_at FROM organization WHERE slug = ?1";
        let question = Statement::new(sql).with(slug);
        self.0.read(question, |rows| rows.first().map(organization).transpose())
    }

    /// All of them, by slug.
    pub fn all(&self) -> Ask<Vec<OrganizationRow>> {
        let sql = "SELECT id, slug, name, created_at FROM organization ORDER BY slug";
        self.0.read(Statement::new(sql), |rows| rows.iter().map(organization).collect())
    }

    /// The organisations that an account is of, and as what, by slug.
    pub fn of_account(&self, account: AccountId) -> Ask<Vec<(OrganizationRow, Standing)>> {
        let sql = "SELECT o.id, o.slug, o.name, o.created_at, m.role, m.scopes FROM organization o \
            JOIN member m ON m.organization = o.id WHERE m.account = ?1 ORDER BY o.slug";
        let question = Statement::new(sql).with(account.as_bytes().as_slice());
        self.0.read(question, |rows| {
            rows.iter().map(|row| Ok((organization(row)?, standing(row, 4)?))).collect()
        })
    }

    /// Writes another name; false where there is no such organisation.
    pub fn rename(&self, id: OrganizationId, name: &str, act: Act) -> Ask<bool> {
        let update = Statement::new("UPDATE organization SET name = ?2 WHERE id = ?1")
            .with(id.as_bytes().as_slice())
            .with(name)
            .expecting(Expect::Some);
        self.0.attempt(Transaction::from(update).noting(act), met)
    }

    /// Takes an organisation away that has no products; false where it has some, or is not there.
    pub fn remove(&self, id: OrganizationId, act: Act) -> Ask<bool> {
        let sql = "DELETE FROM organization WHERE id = ?1 \
            AND NOT EXISTS (SELECT 1 FROM product WHERE organization = ?1)";
        let delete = Statement::new(sql).with(id.as_bytes().as_slice()).expecting(Expect::Some);
        self.0.attempt(Transaction::from(delete).noting(act), met)
    }
}

/// Whether all that was expected was there.
pub(super) fn met(result: Result<super::Outcome, Failure>) -> Result<bool, StoreError> {
    match result {
        Ok(_) => Ok(true),
        Err(Failure::Unmet { .. }) => Ok(false),
        Err(Failure::Store(error)) => Err(error),
    }
}

fn organization(row: &Row) -> Result<OrganizationRow, StoreError> {
    Ok(OrganizationRow {
        id: OrganizationId::from_bytes(row.array(0)?),
        slug: row.text(1)?.to_owned(),
        name: row.text(2)?.to_owned(),
        created_at_ms: row.int(3)?,
    })
}
