//! What lies sealed in the store, column by column: so that all of it can be sealed anew under a newer key.
//!
//! Every column whose name begins with `sealed`, and every other that holds what a [`Sealer`](crate::node_key::Sealer)
//! made, has a line in [`COLUMNS`], or in [`ELSEWHERE`] with the reason why not. A test looks at the schema for those
//! that are forgotten.

use super::statement::{Row, Statement};
use super::{Ask, Store, StoreError, Stream};
use crate::account::AccountId;
use crate::hook::{self, HookId};
use crate::node_key::Label;
use crate::product::{ProductId, sealed_piece_context, sealed_standing_context};

/// A column that is sealed. Its first statement gives the key of every row; the others take that key first.
pub(crate) struct SealedColumn {
    /// Under which keys.
    pub(crate) label: Label,
    /// Its table and its name.
    pub(crate) name: (&'static str, &'static str),
    /// The key of every row.
    keys: &'static str,
    /// The sealed bytes of one row, then what its context is made of. Placeholders: the key.
    read: &'static str,
    /// Writes other bytes into one row. Placeholders: the key, the new bytes, the old ones, which must be there still.
    write: &'static str,
    /// What the bytes of a row are bound to, of what `read` found.
    context: fn(&Row) -> Result<Vec<u8>, StoreError>,
}

/// All of them.
pub(crate) const COLUMNS: &[SealedColumn] = &[
    SealedColumn {
        label: Label::PRODUCT,
        name: ("product", "standing"),
        keys: "SELECT id FROM product",
        read: "SELECT standing, id FROM product WHERE id = ?1",
        write: "UPDATE product SET standing = ?2 WHERE id = ?1 AND standing = ?3",
        context: |row| Ok(sealed_standing_context(ProductId(row.number(1)?))),
    },
    SealedColumn {
        label: Label::SECOND_FACTOR,
        name: ("second_factor", "sealed_seed"),
        keys: "SELECT account FROM second_factor",
        read: "SELECT sealed_seed, account FROM second_factor WHERE account = ?1",
        write: "UPDATE second_factor SET sealed_seed = ?2 WHERE account = ?1 AND sealed_seed = ?3",
        context: |row| Ok(row.blob(1)?.to_vec()),
    },
    SealedColumn {
        label: Label::WEBHOOK,
        name: ("hook", "sealed"),
        keys: "SELECT id FROM hook",
        read: "SELECT sealed, id, owner, product FROM hook WHERE id = ?1",
        write: "UPDATE hook SET sealed = ?2 WHERE id = ?1 AND sealed = ?3",
        context: |row| {
            let owner = AccountId::from_bytes(row.array(2)?);
            let product = row.maybe_number(3)?.map(ProductId);
            Ok(hook::sealed_context(HookId::from_bytes(row.array(1)?), owner, product))
        },
    },
    SealedColumn {
        label: Label::FIRMWARE,
        name: ("firmware_piece", "sealed"),
        keys: "SELECT product, version, position FROM firmware_piece",
        read: "SELECT p.sealed, p.product, p.version, f.sha256, p.position FROM firmware_piece p \
               JOIN firmware f ON f.product = p.product AND f.version = p.version \
               WHERE p.product = ?1 AND p.version = ?2 AND p.position = ?3",
        write: "UPDATE firmware_piece SET sealed = ?4 \
                WHERE product = ?1 AND version = ?2 AND position = ?3 AND sealed = ?5",
        context: |row| {
            let product = ProductId(row.number(1)?);
            Ok(sealed_piece_context(product, row.number(2)?, &row.array(3)?, row.number(4)?))
        },
    },
];

/// Columns with such a name that no data key opens, and why.
#[cfg(test)]
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("token", "sealed_name", OF_TOKEN),
    ("refresh_token", "sealed_name", OF_TOKEN),
    ("audit_reason", "sealed", OF_AUDIT),
];
#[cfg(test)]
const OF_AUDIT: &str = "under a key made of the node key: it is read where the store is not opened";
#[cfg(test)]
const OF_TOKEN: &str = "under a key made of the token itself, and gone with it";

/// One sealed value, with what it takes to open it and to put another in its place.
pub(crate) struct SealedValue {
    /// What is sealed.
    pub(crate) sealed: Vec<u8>,
    /// What it is bound to.
    pub(crate) context: Vec<u8>,
}

/// The sealed columns of the store.
pub(crate) struct SealedColumns<'a>(&'a Store);

impl Store {
    /// Everything that is sealed in it.
    pub(crate) fn sealed(&self) -> SealedColumns<'_> {
        SealedColumns(self)
    }
}

impl SealedColumns<'_> {
    /// The keys of a column's rows. Blocks while it is read.
    pub(crate) fn rows(&self, column: &SealedColumn) -> Stream<Row> {
        self.0.stream(Statement::new(column.keys), |row| Ok(row.clone()))
    }

    /// What is sealed in one row; `None` where it is gone.
    pub(crate) fn value(&self, column: &SealedColumn, key: &Row) -> Ask<Option<SealedValue>> {
        let context = column.context;
        self.0.read(of_row(column.read, key), move |rows| {
            let Some(row) = rows.first() else { return Ok(None) };
            let Some(sealed) = row.maybe_blob(0)? else { return Ok(None) };
            Ok(Some(SealedValue { sealed: sealed.to_vec(), context: context(row)? }))
        })
    }

    /// Puts other bytes in the place of those; false where they were changed meanwhile.
    pub(crate) fn exchange(
        &self,
        column: &SealedColumn,
        key: &Row,
        old: &[u8],
        new: &[u8],
    ) -> Ask<bool> {
        let write = of_row(column.write, key).with(new).with(old);
        self.0.write(write, |outcome| Ok(outcome.changed(0) > 0))
    }
}

fn of_row(sql: &'static str, key: &Row) -> Statement {
    key.0.iter().fold(Statement::new(sql), |statement, datum| statement.with(datum.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    fn columns_of(connection: &Connection) -> Vec<(String, String)> {
        let sql = "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'";
        let mut found = connection.prepare(sql).unwrap();
        let rows = found.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    }

    #[test]
    fn p5_no_sealed_column_is_left_out_when_keys_are_replaced() {
        let connection = Connection::open_in_memory().unwrap();
        super::super::schema::migrate(&connection).unwrap();
        for (table, column) in columns_of(&connection) {
            let is_listed = COLUMNS.iter().any(|one| one.name == (&*table, &*column));
            let is_elsewhere = ELSEWHERE.iter().any(|one| (one.0, one.1) == (&*table, &*column));
            let has_the_name = column.starts_with("sealed") || column.ends_with("_sealed");
            assert!(is_listed || is_elsewhere || !has_the_name, "{table}.{column}: see COLUMNS");
        }
    }

    #[test]
    fn the_statements_of_every_column_fit_the_schema() {
        let connection = Connection::open_in_memory().unwrap();
        super::super::schema::migrate(&connection).unwrap();
        for column in COLUMNS {
            let keys = connection.prepare(column.keys).unwrap().column_count();
            let read = connection.prepare(column.read).unwrap();
            assert_eq!(
                (read.parameter_count(), read.column_name(0).unwrap()),
                (keys, column.name.1)
            );
            let write = connection.prepare(column.write).unwrap();
            assert_eq!(write.parameter_count(), keys + 2, "{:?}", column.name);
        }
    }
}
