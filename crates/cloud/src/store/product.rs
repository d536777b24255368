//! Products at rest: what they are called, whose they are, their keyrings as they were signed, and their sealed
//! standing, which this room does not look into.

use super::statement::{Expect, Failure, Row, Statement, Transaction};
use super::{Ask, Store, StoreError};
use crate::account::{AccountId, OrganizationId};
use crate::product::ProductId;

/// A product as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductRow {
    /// Its number, as modules carry it.
    pub id: ProductId,
    /// Its name in addresses, unique.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// Free text.
    pub description: String,
    /// The kind of board its devices are.
    pub platform_id: u16,
    /// The account that made it, whose own it is unless it is an organisation's.
    pub owner: AccountId,
    /// The organisation that it is of.
    pub organization: Option<OrganizationId>,
    /// Whether devices that say they are of it wait for its owner's word.
    pub quarantine: bool,
    /// Its standing, sealed.
    pub standing: Vec<u8>,
    /// In milliseconds since 1970.
    pub created_at_ms: i64,
}

/// How making a product went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Making {
    /// It is there now.
    Made,
    /// There is one of that number or slug.
    Taken,
}

/// The products in the store.
pub struct Products<'a>(pub(super) &'a Store);

impl Store {
    /// The products.
    #[must_use]
    pub fn products(&self) -> Products<'_> {
        Products(self)
    }
}

impl Products<'_> {
    /// Makes a product.
    pub fn create(&self, row: &ProductRow) -> Ask<Making> {
        let insert = Statement::new(
            "INSERT INTO product (id, slug, name, description, platform_id, owner, quarantine, standing, created_at, organization) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )
        .with(row.id.0)
        .with(row.slug.as_str())
        .with(row.name.as_str())
        .with(row.description.as_str())
        .with(row.platform_id)
        .with(row.owner.as_bytes().as_slice())
        .with(i64::from(row.quarantine))
        .with(row.standing.as_slice())
        .with(row.created_at_ms)
        .with(row.organization.map(|id| id.as_bytes().to_vec()));
        self.0.attempt(insert, |result| match result {
            Ok(_) => Ok(Making::Made),
            Err(Failure::Store(StoreError::Conflict(_))) => Ok(Making::Taken),
            Err(failure) => Err(failure.into()),
        })
    }

    /// The product with this number.
    pub fn find(&self, id: ProductId) -> Ask<Option<ProductRow>> {
        let sql = "SELECT id, slug, name, description, platform_id, owner, quarantine, standing, created_at, organization \
            FROM product WHERE id = ?1";
        self.0.read(Statement::new(sql).with(id.0), |rows| rows.first().map(product).transpose())
    }

    /// The product with this slug.
    pub fn find_by_slug(&self, slug: &str) -> Ask<Option<ProductRow>> {
        let sql = "SELECT id, slug, name, description, platform_id, owner, quarantine, standing, created_at, organization \
            FROM product WHERE slug = ?1";
        self.0.read(Statement::new(sql).with(slug), |rows| rows.first().map(product).transpose())
    }

    /// The products that an account may see, by number: its own, and those that it is a member of, by itself or through
    /// an organisation.
    pub fn list(&self, account: AccountId) -> Ask<Vec<ProductRow>> {
        let sql = "SELECT id, slug, name, description, platform_id, owner, quarantine, standing, created_at, organization \
            FROM product WHERE (owner = ?1 AND organization IS NULL) \
            OR id IN (SELECT product FROM member WHERE account = ?1) \
            OR organization IN (SELECT organization FROM member WHERE account = ?1) ORDER BY id";
        self.0.read(Statement::new(sql).with(account.as_bytes().as_slice()), |rows| {
            rows.iter().map(product).collect()
        })
    }

    /// The products of an organisation, by number.
    pub fn of_organization(&self, id: OrganizationId) -> Ask<Vec<ProductRow>> {
        let sql = "SELECT id, slug, name, description, platform_id, owner, quarantine, standing, created_at, organization \
            FROM product WHERE organization = ?1 ORDER BY id";
        self.0.read(Statement::new(sql).with(id.as_bytes().as_slice()), |rows| {
            rows.iter().map(product).collect()
        })
    }

    /// All products, by number.
    pub fn all(&self) -> Ask<Vec<ProductRow>> {
        let sql = "SELECT id, slug, name, description, platform_id, owner, quarantine, standing, created_at, organization \
            FROM product ORDER BY id";
        self.0.read(Statement::new(sql), |rows| rows.iter().map(product).collect())
    }

    /// Writes the name, description and quarantine switch of a product; false where there is none.
    pub fn edit(&self, row: &ProductRow) -> Ask<bool> {
        let sql = "UPDATE product SET name = ?2, description = ?3, quarantine = ?4 WHERE id = ?1";
        let update = Statement::new(sql)
            .with(row.id.0)
            .with(row.name.as_str())
            .with(row.description.as_str())
            .with(i64::from(row.quarantine));
        self.0.write(update, |outcome| Ok(outcome.changed(0) > 0))
    }

    /// Puts a new standing in the place of the old one; with it, what belongs to it. False where the old one is not
    /// there any more: nothing is changed then.
    pub fn restand(&self, id: ProductId, old: &[u8], new: &[u8], with: Transaction) -> Ask<bool> {
        let sql = "UPDATE product SET standing = ?3 WHERE id = ?1 AND standing = ?2";
        let update = Statement::new(sql).with(id.0).with(old).with(new).expecting(Expect::Some);
        self.0.attempt(Transaction::from(update).and(with), |result| match result {
            Ok(_) => Ok(true),
            Err(Failure::Unmet { .. }) => Ok(false),
            Err(Failure::Store(error)) => Err(error),
        })
    }

    /// The keyrings of a product as they were signed, the first one first.
    pub fn keyrings(&self, id: ProductId) -> Ask<Vec<Vec<u8>>> {
        let sql = "SELECT envelope FROM keyring WHERE product = ?1 ORDER BY number";
        self.0.read(Statement::new(sql).with(id.0), |rows| {
            rows.iter().map(|row| Ok(row.blob(0)?.to_vec())).collect()
        })
    }
}

/// Keeps a keyring. For [`Products::restand`].
#[must_use]
pub fn put_keyring(product: ProductId, number: u32, envelope: &[u8], at_ms: i64) -> Statement {
    Statement::new(
        "INSERT INTO keyring (product, number, envelope, added_at) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (product, number) DO UPDATE SET envelope = excluded.envelope",
    )
    .with(product.0)
    .with(number)
    .with(envelope)
    .with(at_ms)
}

fn product(row: &Row) -> Result<ProductRow, StoreError> {
    Ok(ProductRow {
        id: ProductId(row.number(0)?),
        slug: row.text(1)?.to_owned(),
        name: row.text(2)?.to_owned(),
        description: row.text(3)?.to_owned(),
        platform_id: row.number(4)?,
        owner: AccountId::from_bytes(row.array(5)?),
        quarantine: row.int(6)? != 0,
        standing: row.blob(7)?.to_vec(),
        created_at_ms: row.int(8)?,
        organization: row.maybe_array(9)?.map(OrganizationId::from_bytes),
    })
}
