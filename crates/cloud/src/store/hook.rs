//! Webhooks at rest: whose they are, and what they are told, sealed.

use super::statement::{Expect, Failure, Row, Statement, Transaction};
use super::{Ask, Store, StoreError};
use crate::account::AccountId;
use crate::audit::Act;
use crate::hook::{HookId, MOST};
use crate::product::ProductId;
use pintle_protocol::DeviceId;

/// A webhook as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookRow {
    /// Its id.
    pub id: HookId,
    /// Whose it is.
    pub owner: AccountId,
    /// The product that it is of, if it is one's.
    pub product: Option<ProductId>,
    /// What it is told.
    pub sealed: Vec<u8>,
    /// In milliseconds since 1970.
    pub created_at_ms: i64,
    /// In milliseconds since 1970.
    pub updated_at_ms: i64,
}

/// The webhooks in the store.
pub struct HookRows<'a>(&'a Store);

impl Store {
    /// The webhooks.
    #[must_use]
    pub fn hooks(&self) -> HookRows<'_> {
        HookRows(self)
    }
}

impl HookRows<'_> {
    /// All of them.
    pub fn all(&self) -> Ask<Vec<HookRow>> {
        let sql = "SELECT id, owner, product, sealed, created_at, updated_at FROM hook ORDER BY created_at, id";
        self.0.read(Statement::new(sql), |rows| rows.iter().map(hook).collect())
    }

    /// Adds one; false where its account or product has so many that no further one may be.
    pub fn add(&self, row: &HookRow, act: Act) -> Ask<bool> {
        let sql = "INSERT INTO hook (id, owner, product, sealed, created_at, updated_at) \
            SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE (SELECT COUNT(*) FROM hook WHERE \
            (?3 IS NULL AND product IS NULL AND owner = ?2) OR product = ?3) < ?7";
        let insert = Statement::new(sql)
            .with(row.id.as_bytes().as_slice())
            .with(row.owner.as_bytes().as_slice())
            .with(row.product.map(|product| product.0))
            .with(row.sealed.as_slice())
            .with(row.created_at_ms)
            .with(row.updated_at_ms)
            .with(i64::try_from(MOST).unwrap_or(i64::MAX))
            .expecting(Expect::Some);
        self.if_met(Transaction::from(insert).noting(act))
    }

    /// Puts other settings in the place of those that it had; false where it is gone.
    pub fn replace(&self, row: &HookRow, act: Act) -> Ask<bool> {
        let update = Statement::new("UPDATE hook SET sealed = ?2, updated_at = ?3 WHERE id = ?1")
            .with(row.id.as_bytes().as_slice())
            .with(row.sealed.as_slice())
            .with(row.updated_at_ms)
            .expecting(Expect::Some);
        self.if_met(Transaction::from(update).noting(act))
    }

    /// Removes one; false where it is gone already.
    pub fn remove(&self, id: HookId, act: Act) -> Ask<bool> {
        let delete = Statement::new("DELETE FROM hook WHERE id = ?1")
            .with(id.as_bytes().as_slice())
            .expecting(Expect::Some);
        self.if_met(Transaction::from(delete).noting(act))
    }

    /// The devices of the products that have webhooks.
    pub fn placed_devices(&self) -> Ask<Vec<(DeviceId, ProductId)>> {
        let sql = "SELECT d.device, d.product FROM product_device d \
            WHERE EXISTS (SELECT 1 FROM hook h WHERE h.product = d.product)";
        self.0.read(Statement::new(sql), |rows| {
            let one =
                |row: &Row| Ok((DeviceId::from_bytes(row.array(0)?), ProductId(row.number(1)?)));
            rows.iter().map(one).collect()
        })
    }

    fn if_met(&self, transaction: Transaction) -> Ask<bool> {
        self.0.attempt(transaction, |result| match result {
            Ok(_) => Ok(true),
            Err(Failure::Unmet { .. }) => Ok(false),
            Err(Failure::Store(error)) => Err(error),
        })
    }
}

fn hook(row: &Row) -> Result<HookRow, StoreError> {
    Ok(HookRow {
        id: HookId::from_bytes(row.array(0)?),
        owner: AccountId::from_bytes(row.array(1)?),
        product: row.maybe_number(2)?.map(ProductId),
        sealed: row.blob(3)?.to_vec(),
        created_at_ms: row.int(4)?,
        updated_at_ms: row.int(5)?,
    })
}
