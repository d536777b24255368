//! Devices in products: which product a device is of, which version it is to keep, whether it is for development, its
//! groups, and the images that it ran and fell back from.

use std::collections::{BTreeMap, BTreeSet};

use pintle_protocol::DeviceId;

use super::device::{DeviceRow, device};
use super::statement::{Expect, Row, Statement, Transaction};
use super::{Ask, Store, StoreError};
use crate::account::AccountId;
use crate::product::ProductId;

/// What a product knows of one of its devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The product.
    pub product: ProductId,
    /// The version it is to have, whatever is released.
    pub desired_version: Option<u16>,
    /// Whether it is for development: no release reaches it, and unsigned firmware may be flashed to it.
    pub development: bool,
    /// Its groups.
    pub groups: BTreeSet<String>,
    /// In milliseconds since 1970.
    pub updated_at_ms: i64,
}

/// A device, and what its product knows of it; `None` where it only says itself that it is of the product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The device.
    pub device: DeviceRow,
    /// What its product knows.
    pub membership: Option<Membership>,
}

/// What a change of a membership sets; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The version it is to have; `Some(None)` lets it follow releases again.
    pub desired_version: Option<Option<u16>>,
    /// Whether it is for development.
    pub development: Option<bool>,
    /// All its groups.
    pub groups: Option<BTreeSet<String>>,
}

/// The image that a device took last, after it said Hello again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its SHA-256.
    pub sha256: [u8; 32],
    /// How often it said Hello since.
    pub hellos: u64,
    /// Why it fell back, if it says that it did.
    pub fell_back: Option<String>,
}

/// Whether a device may be put into a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Candidate {
    /// It may.
    Free,
    /// It is in the product already.
    Here,
    /// It is somebody else's, or in another product.
    Elsewhere,
    /// There is no such device.
    Unknown,
}

/// The devices of products in the store.
pub struct ProductDevices<'a>(pub(super) &'a Store);

impl Store {
    /// The devices of products.
    #[must_use]
    pub fn product_devices(&self) -> ProductDevices<'_> {
        ProductDevices(self)
    }
}

impl ProductDevices<'_> {
    /// Whether a device may be put into a product of this owner.
    pub fn candidate(&self, id: DeviceId, product: ProductId, owner: AccountId) -> Ask<Candidate> {
        let sql = "SELECT d.owner, m.product FROM device d LEFT JOIN product_device m ON m.device = d.id \
            WHERE d.id = ?1";
        self.0.read(Statement::new(sql).with(id.as_bytes().as_slice()), move |rows| {
            let Some(row) = rows.first() else { return Ok(Candidate::Unknown) };
            let whose = row.maybe_array(0)?.map(AccountId::from_bytes);
            Ok(match row.maybe_number(1)?.map(ProductId) {
                Some(found) if found == product => Candidate::Here,
                Some(_) => Candidate::Elsewhere,
                None if whose.is_none_or(|whose| whose == owner) => Candidate::Free,
                None => Candidate::Elsewhere,
            })
        })
    }

    /// Puts devices into a product, all or none. Those in one already stay as they are.
    pub fn add(&self, product: ProductId, devices: &[DeviceId], at_ms: i64) -> Ask<()> {
        let sql = "INSERT INTO product_device (device, product, desired_version, development, added_at, updated_at) \
            VALUES (?1, ?2, NULL, 0, ?3, ?3) ON CONFLICT (device) DO NOTHING";
        let add = |id: &DeviceId| {
            Statement::new(sql).with(id.as_bytes().as_slice()).with(product.0).with(at_ms)
        };
        self.0.write(devices.iter().map(add).collect::<Transaction>(), |_| Ok(()))
    }

    /// Takes a device out of a product; false where it is not in it.
    pub fn remove(&self, product: ProductId, id: DeviceId) -> Ask<bool> {
        let sql = "DELETE FROM product_device WHERE device = ?1 AND product = ?2";
        let delete = Statement::new(sql).with(id.as_bytes().as_slice()).with(product.0);
        self.0.write(delete, |outcome| Ok(outcome.changed(0) > 0))
    }

    /// Changes what a product knows of a device; false where the device is not in it.
    pub fn change(
        &self,
        product: ProductId,
        id: DeviceId,
        change: Change,
        at_ms: i64,
    ) -> Ask<bool> {
        let touch = "UPDATE product_device SET updated_at = ?3 WHERE device = ?1 AND product = ?2";
        let device = || id.as_bytes().as_slice();
        let touch = Statement::new(touch).with(device()).with(product.0).with(at_ms);
        let mut transaction = Transaction::from(touch.expecting(Expect::Some));
        if let Some(version) = change.desired_version {
            let sql = "UPDATE product_device SET desired_version = ?2 WHERE device = ?1";
            transaction = transaction.then(Statement::new(sql).with(device()).with(version));
        }
        if let Some(development) = change.development {
            let sql = "UPDATE product_device SET development = ?2 WHERE device = ?1";
            let on = i64::from(development);
            transaction = transaction.then(Statement::new(sql).with(device()).with(on));
        }
        if let Some(groups) = change.groups {
            let sql = "DELETE FROM product_device_group WHERE device = ?1";
            transaction = transaction.then(Statement::new(sql).with(device()));
            for name in groups {
                let sql = "INSERT INTO product_device_group (device, name) VALUES (?1, ?2)";
                transaction = transaction.then(Statement::new(sql).with(device()).with(name));
            }
        }
        self.0.attempt(transaction, |result| match result {
            Ok(_) => Ok(true),
            Err(super::Failure::Unmet { .. }) => Ok(false),
            Err(super::Failure::Store(error)) => Err(error),
        })
    }

    /// What the product of a device knows of it; `None` where it is in none.
    pub fn membership(&self, id: DeviceId) -> Ask<Option<Membership>> {
        let sql = "SELECT m.product, m.desired_version, m.development, m.updated_at, g.name \
            FROM product_device m LEFT JOIN product_device_group g ON g.device = m.device WHERE m.device = ?1";
        self.0.read(Statement::new(sql).with(id.as_bytes().as_slice()), |rows| {
            let Some(first) = rows.first() else { return Ok(None) };
            let mut found = membership(first, 0)?;
            for row in rows {
                found.groups.extend(row.maybe_text(4)?.map(str::to_owned));
            }
            Ok(Some(found))
        })
    }

    /// Those of some devices that are in a product, or say that they are of one there is, by id.
    pub fn concerned(&self, ids: &[DeviceId]) -> Ask<Vec<DeviceId>> {
        let sql = "WITH RECURSIVE named (at) AS (SELECT 1 UNION ALL SELECT at + 12 FROM named WHERE at + 12 < length(?1)) \
            SELECT d.id FROM named JOIN device d ON d.id = substr(?1, named.at, 12) \
            WHERE EXISTS (SELECT 1 FROM product_device m WHERE m.device = d.id) \
            OR (d.product_id IS DISTINCT FROM d.platform_id AND EXISTS (SELECT 1 FROM product p WHERE p.id = d.product_id)) \
            ORDER BY d.id";
        let named: Vec<u8> = ids.iter().flat_map(|id| *id.as_bytes()).collect();
        self.0.read(Statement::new(sql).with(named), |rows| {
            rows.iter().map(|row| Ok(DeviceId::from_bytes(row.array(0)?))).collect()
        })
    }

    /// The devices of a product, by id.
    pub fn list(&self, product: ProductId) -> Ask<Vec<Member>> {
        let sql = "SELECT d.id, d.owner, d.name, d.notes, d.platform_id, d.product_id, d.firmware_version, \
            d.system_version, d.last_handshake_at, d.functions, d.variables, d.system, m.product, m.desired_version, \
            m.development, m.updated_at, g.name FROM product_device m JOIN device d ON d.id = m.device \
            LEFT JOIN product_device_group g ON g.device = m.device WHERE m.product = ?1 ORDER BY d.id, g.name";
        self.0.read(Statement::new(sql).with(product.0), |rows| {
            let mut members: BTreeMap<[u8; 12], Member> = BTreeMap::new();
            for row in rows {
                let entry = members.entry(row.array(0)?);
                let member = match entry {
                    std::collections::btree_map::Entry::Occupied(found) => found.into_mut(),
                    std::collections::btree_map::Entry::Vacant(place) => place.insert(Member {
                        device: device(row)?,
                        membership: Some(membership(row, 12)?),
                    }),
                };
                let groups = member.membership.as_mut().map(|known| &mut known.groups);
                if let (Some(groups), Some(name)) = (groups, row.maybe_text(16)?) {
                    groups.insert(name.to_owned());
                }
            }
            Ok(members.into_values().collect())
        })
    }

    /// Devices of `owner` that say themselves that they are of a product and are in none, by id.
    pub fn claimants(&self, product: ProductId, owner: AccountId) -> Ask<Vec<Member>> {
        let sql = "SELECT d.id, d.owner, d.name, d.notes, d.platform_id, d.product_id, d.firmware_version, \
            d.system_version, d.last_handshake_at, d.functions, d.variables, d.system FROM device d \
            LEFT JOIN product_device m ON m.device = d.id \
            WHERE d.owner = ?2 AND d.product_id = ?1 AND m.device IS NULL ORDER BY d.id";
        let question = Statement::new(sql).with(product.0).with(owner.as_bytes().as_slice());
        self.0.read(question, |rows| {
            let member = |row| Ok(Member { device: device(row)?, membership: None });
            rows.iter().map(member).collect()
        })
    }

    /// How many devices of a product say that they run each version.
    pub fn versions(&self, product: ProductId) -> Ask<BTreeMap<u16, u64>> {
        let sql = "SELECT d.firmware_version, COUNT(*) FROM product_device m JOIN device d ON d.id = m.device \
            WHERE m.product = ?1 AND d.product_id = ?1 AND d.firmware_version IS NOT NULL \
            GROUP BY d.firmware_version";
        self.0.read(Statement::new(sql).with(product.0), |rows| {
            rows.iter().map(|row| Ok((row.number(0)?, row.number(1)?))).collect()
        })
    }

    /// Every group that a device of a product is in.
    pub fn groups(&self, product: ProductId) -> Ask<BTreeSet<String>> {
        let sql = "SELECT DISTINCT g.name FROM product_device_group g \
            JOIN product_device m ON m.device = g.device WHERE m.product = ?1";
        self.0.read(Statement::new(sql).with(product.0), |rows| {
            rows.iter().map(|row| Ok(row.text(0)?.to_owned())).collect()
        })
    }

    /// The image that a device took last; `None` where it took none, or said no Hello since.
    pub fn taken(&self, id: DeviceId) -> Ask<Option<Taken>> {
        let sql = "SELECT took_image, greetings - took_in, \
            CASE WHEN fell_back_in > took_in THEN fell_back_why END FROM device \
            WHERE id = ?1 AND took_image IS NOT NULL AND greetings > took_in";
        self.0.read(Statement::new(sql).with(id.as_bytes().as_slice()), |rows| {
            let taken = |row: &Row| {
                let fell_back = row.maybe_text(2)?.map(str::to_owned);
                Ok(Taken { sha256: row.array(0)?, hellos: row.number(1)?, fell_back })
            };
            rows.first().map(taken).transpose()
        })
    }

    /// The images that a device ran and fell back from: they are not offered to it again.
    pub fn rejected(&self, id: DeviceId) -> Ask<Vec<[u8; 32]>> {
        let sql = "SELECT sha256 FROM rejected_image WHERE device = ?1";
        self.0.read(Statement::new(sql).with(id.as_bytes().as_slice()), |rows| {
            rows.iter().map(|row| row.array(0)).collect()
        })
    }

    /// Remembers that a device fell back from an image, and why.
    pub fn reject(&self, id: DeviceId, sha256: &[u8; 32], reason: &str, at_ms: i64) -> Ask<()> {
        self.0.write(put_rejected(id, sha256, reason, at_ms), |_| Ok(()))
    }
}

/// Remembers that a device fell back from an image, and why.
#[must_use]
pub fn put_rejected(id: DeviceId, sha256: &[u8; 32], reason: &str, at_ms: i64) -> Statement {
    Statement::new(
        "INSERT INTO rejected_image (device, sha256, reason, rejected_at) \
         SELECT id, ?2, ?3, ?4 FROM device WHERE id = ?1 \
         ON CONFLICT (device, sha256) DO UPDATE SET reason = excluded.reason, rejected_at = excluded.rejected_at",
    )
    .with(id.as_bytes().as_slice())
    .with(sha256.as_slice())
    .with(reason)
    .with(at_ms)
}

fn membership(row: &Row, at: usize) -> Result<Membership, StoreError> {
    Ok(Membership {
        product: ProductId(row.number(at)?),
        desired_version: row.maybe_number(at + 1)?,
        development: row.int(at + 2)? != 0,
        groups: BTreeSet::new(),
        updated_at_ms: row.int(at + 3)?,
    })
}
