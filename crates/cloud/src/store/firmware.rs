//! Firmware at rest: what its uploader said of it, the statement that was signed, and its file in sealed pieces.

use super::statement::{Expect, Failure, Row, Statement, Transaction};
use super::{Ask, Store, StoreError};
use crate::account::AccountId;
use crate::product::ProductId;

/// A firmware as it is stored, without its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirmwareRow {
    /// Its product.
    pub product: ProductId,
    /// Its version in the product.
    pub version: u16,
    /// A line about it.
    pub title: String,
    /// More about it.
    pub description: String,
    /// Whether its owner calls it mandatory.
    pub mandatory: bool,
    /// The name of the file it was.
    pub file_name: String,
    /// The file's length in bytes.
    pub size: u32,
    /// The file's SHA-256.
    pub sha256: [u8; 32],
    /// The release that was signed for it: a COSE envelope.
    pub statement: Option<Vec<u8>>,
    /// Who uploaded it.
    pub uploaded_by: AccountId,
    /// In milliseconds since 1970.
    pub uploaded_at_ms: i64,
    /// In milliseconds since 1970.
    pub updated_at_ms: i64,
    /// When it was first released, if ever.
    pub released_at_ms: Option<i64>,
}

/// What an edit changes; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// A line about it.
    pub title: Option<String>,
    /// More about it.
    pub description: Option<String>,
    /// Whether its owner calls it mandatory.
    pub mandatory: Option<bool>,
}

/// How keeping a firmware went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// It is there now, whole.
    Kept,
    /// The product has another of that version, or is gone.
    Taken,
}

/// The firmware in the store.
pub struct Firmwares<'a>(pub(super) &'a Store);

impl Store {
    /// The firmware of products.
    #[must_use]
    pub fn firmware(&self) -> Firmwares<'_> {
        Firmwares(self)
    }
}

impl Firmwares<'_> {
    /// Keeps a firmware with all its sealed pieces, or nothing of it.
    pub fn put(&self, row: &FirmwareRow, pieces: Vec<Vec<u8>>) -> Ask<Keeping> {
        let mut transaction = Transaction::from(insert(row));
        for (sealed, position) in pieces.into_iter().zip(0_u32..) {
            let sql = "INSERT INTO firmware_piece (product, version, position, sealed) VALUES (?1, ?2, ?3, ?4)";
            let piece = Statement::new(sql).with(row.product.0).with(row.version).with(position);
            transaction = transaction.then(piece.with(sealed));
        }
        self.0.attempt(transaction, |result| match result {
            Ok(_) => Ok(Keeping::Kept),
            Err(Failure::Store(StoreError::Conflict(_))) => Ok(Keeping::Taken),
            Err(failure) => Err(failure.into()),
        })
    }

    /// One firmware of a product.
    pub fn find(&self, product: ProductId, version: u16) -> Ask<Option<FirmwareRow>> {
        let sql = "SELECT product, version, title, description, mandatory, file_name, size, sha256, statement, \
            uploaded_by, uploaded_at, updated_at, released_at FROM firmware WHERE product = ?1 AND version = ?2";
        self.0.read(Statement::new(sql).with(product.0).with(version), |rows| {
            rows.first().map(firmware).transpose()
        })
    }

    /// The firmware of a product, the newest version first.
    pub fn list(&self, product: ProductId) -> Ask<Vec<FirmwareRow>> {
        let sql = "SELECT product, version, title, description, mandatory, file_name, size, sha256, statement, \
            uploaded_by, uploaded_at, updated_at, released_at FROM firmware WHERE product = ?1 ORDER BY version DESC";
        self.0.read(Statement::new(sql).with(product.0), |rows| rows.iter().map(firmware).collect())
    }

    /// The sealed pieces of its file, in order.
    pub fn pieces(&self, product: ProductId, version: u16) -> Ask<Vec<Vec<u8>>> {
        let sql = "SELECT sealed FROM firmware_piece WHERE product = ?1 AND version = ?2 ORDER BY position";
        self.0.read(Statement::new(sql).with(product.0).with(version), |rows| {
            rows.iter().map(|row| Ok(row.blob(0)?.to_vec())).collect()
        })
    }

    /// Changes what is said of a firmware; false where there is none.
    pub fn edit(&self, product: ProductId, version: u16, edit: Edit, at_ms: i64) -> Ask<bool> {
        let sql = "UPDATE firmware SET title = COALESCE(?3, title), description = COALESCE(?4, description), \
            mandatory = COALESCE(?5, mandatory), updated_at = ?6 WHERE product = ?1 AND version = ?2";
        let statement = Statement::new(sql)
            .with(product.0)
            .with(version)
            .with(edit.title)
            .with(edit.description)
            .with(edit.mandatory.map(i64::from))
            .with(at_ms);
        self.0.write(statement, |outcome| Ok(outcome.changed(0) > 0))
    }

    /// Puts another statement in the place of a firmware's; false where there is no such firmware.
    pub fn restate(
        &self,
        product: ProductId,
        version: u16,
        statement: &[u8],
        at_ms: i64,
    ) -> Ask<bool> {
        let sql = "UPDATE firmware SET statement = ?3, updated_at = ?4 WHERE product = ?1 AND version = ?2";
        let update = Statement::new(sql).with(product.0).with(version).with(statement).with(at_ms);
        self.0.write(update, |outcome| Ok(outcome.changed(0) > 0))
    }

    /// Removes a firmware that was never released; false where there is no such one.
    pub fn remove(&self, product: ProductId, version: u16) -> Ask<bool> {
        let sql =
            "DELETE FROM firmware WHERE product = ?1 AND version = ?2 AND released_at IS NULL";
        let delete = Statement::new(sql).with(product.0).with(version);
        self.0.write(delete, |outcome| Ok(outcome.changed(0) > 0))
    }
}

/// Notes that a firmware is released. For [`super::product::Products::restand`].
#[must_use]
pub fn put_released(product: ProductId, version: u16, at_ms: i64) -> Statement {
    let sql = "UPDATE firmware SET released_at = COALESCE(released_at, ?3), updated_at = ?3 \
        WHERE product = ?1 AND version = ?2";
    Statement::new(sql).with(product.0).with(version).with(at_ms).expecting(Expect::Some)
}

fn insert(row: &FirmwareRow) -> Statement {
    Statement::new(
        "INSERT INTO firmware (product, version, title, description, mandatory, file_name, size, sha256, statement, \
         uploaded_by, uploaded_at, updated_at, released_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )
    .with(row.product.0)
    .with(row.version)
    .with(row.title.as_str())
    .with(row.description.as_str())
    .with(i64::from(row.mandatory))
    .with(row.file_name.as_str())
    .with(row.size)
    .with(row.sha256.as_slice())
    .with(row.statement.as_deref())
    .with(row.uploaded_by.as_bytes().as_slice())
    .with(row.uploaded_at_ms)
    .with(row.updated_at_ms)
    .with(row.released_at_ms)
}

fn firmware(row: &Row) -> Result<FirmwareRow, StoreError> {
    Ok(FirmwareRow {
        product: ProductId(row.number(0)?),
        version: row.number(1)?,
        title: row.text(2)?.to_owned(),
        description: row.text(3)?.to_owned(),
        mandatory: row.int(4)? != 0,
        file_name: row.text(5)?.to_owned(),
        size: row.number(6)?,
        sha256: row.array(7)?,
        statement: row.maybe_blob(8)?.map(<[u8]>::to_vec),
        uploaded_by: AccountId::from_bytes(row.array(9)?),
        uploaded_at_ms: row.int(10)?,
        updated_at_ms: row.int(11)?,
        released_at_ms: row.maybe_int(12)?,
    })
}
