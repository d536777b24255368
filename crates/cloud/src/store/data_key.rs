//! Data keys at rest, wrapped by the node key; and which node key this store belongs to.
//!
//! What an opening does, in one transaction:
//!
//! 1. Look which node key the store belongs to. A new store belongs to the one it is opened with.
//! 2. In a store from before there were data keys, keep those that were made of the node key as generation 0.
//! 3. Make a random key for every label that has none.
//! 4. Give all of them to the [`NodeKey`].

use rusqlite::{Connection, OptionalExtension as _};

use super::statement::{Expect, Row, Statement, Transaction};
use super::{Ask, Store, StoreError};
use crate::clock;
use crate::node_key::{Generation, KeyMark, Label, NodeKey, NodeKeyError, Use, WrappedKey};

/// Where the mark of the node key lies.
const MARK: &str = "key check";

/// A data key as a list shows it: no secret is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataKeyRow {
    /// Its label, by name.
    pub label: String,
    /// How many keys the label had before.
    pub generation: Generation,
    /// When it was made, in milliseconds since 1970.
    pub made_at_ms: i64,
}

/// The data keys in the store.
pub struct DataKeyRows<'a>(pub(super) &'a Store);

impl Store {
    /// The data keys.
    #[must_use]
    pub fn data_keys(&self) -> DataKeyRows<'_> {
        DataKeyRows(self)
    }
}

impl DataKeyRows<'_> {
    /// All of them, by label, oldest first.
    pub fn list(&self) -> Ask<Vec<DataKeyRow>> {
        let sql =
            "SELECT DISTINCT label, generation, made_at FROM data_key ORDER BY label, generation";
        self.0.read(Statement::new(sql), |rows| rows.iter().map(listed).collect())
    }

    /// All of them as this node key wrapped them.
    pub(crate) fn wrapped(&self, mark: &KeyMark) -> Ask<Vec<WrappedKey>> {
        let sql = "SELECT label, generation, wrapped FROM data_key WHERE wrapped_by = ?1 ORDER BY label, generation";
        let question = Statement::new(sql).with(by(mark));
        self.0.read(question, |rows| rows.iter().map(wrapped).collect())
    }

    /// Keeps a new key, durably, with what belongs to it.
    pub(crate) fn put(
        &self,
        keys: &[WrappedKey],
        mark: &KeyMark,
        at_ms: i64,
        with: Transaction,
    ) -> Ask<()> {
        let mut transaction = with;
        for key in keys {
            transaction = transaction.then(put(key, mark, at_ms));
        }
        self.0.write(transaction, |_| Ok(()))
    }

    /// Destroys keys under which nothing lies any more.
    pub(crate) fn destroy(&self, keys: &[(Label, Generation)], with: Transaction) -> Ask<()> {
        let mut transaction = with;
        for (label, generation) in keys {
            let sql = "DELETE FROM data_key WHERE label = ?1 AND generation = ?2";
            transaction = transaction.then(
                Statement::new(sql).with(label.name()).with(generation.0).expecting(Expect::Some),
            );
        }
        self.0.write(transaction, |_| Ok(()))
    }
}

fn put(key: &WrappedKey, mark: &KeyMark, at_ms: i64) -> Statement {
    let sql = "INSERT INTO data_key (label, generation, wrapped_by, wrapped, made_at) VALUES (?1, ?2, ?3, ?4, ?5) \
         ON CONFLICT (label, generation, wrapped_by) DO NOTHING";
    Statement::new(sql)
        .with(key.label.as_str())
        .with(key.generation.0)
        .with(by(mark))
        .with(key.wrapped.as_slice())
        .with(at_ms)
}

fn set_mark(name: &'static str, mark: &KeyMark) -> Statement {
    let sql = "INSERT INTO node (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    Statement::new(sql).with(name).with(mark.as_slice())
}

/// The part of a mark that names the wrapping key in every row.
fn by(mark: &KeyMark) -> &[u8] {
    mark.first_chunk::<8>().map_or(&[], <[u8; 8]>::as_slice)
}

fn listed(row: &Row) -> Result<DataKeyRow, StoreError> {
    let generation = Generation(row.number(1)?);
    Ok(DataKeyRow { label: row.text(0)?.to_owned(), generation, made_at_ms: row.int(2)? })
}

fn wrapped(row: &Row) -> Result<WrappedKey, StoreError> {
    let generation = Generation(row.number(1)?);
    Ok(WrappedKey { label: row.text(0)?.to_owned(), generation, wrapped: row.blob(2)?.to_vec() })
}

/// Checks that the store belongs to this node key, and gives it the data keys.
pub(super) fn open(connection: &Connection, node_key: &NodeKey) -> Result<(), StoreError> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let done = take_up(connection, node_key)
        .and_then(|keys| Ok(connection.execute_batch("COMMIT").map(|()| keys)?));
    if done.is_err() && !connection.is_autocommit() {
        drop(connection.execute_batch("ROLLBACK"));
    }
    node_key.take_up(&done?).map_err(broken)
}

fn take_up(connection: &Connection, node_key: &NodeKey) -> Result<Vec<WrappedKey>, StoreError> {
    let mark = node_key.mark();
    let known = saved_mark(connection, MARK)?;
    match &known {
        None => run(connection, &set_mark(MARK, &mark))?,
        Some(known) if *known == mark => {}
        Some(_) => return Err(StoreError::OtherNodeKey),
    }
    let mut keys = read(connection, &mark)?;
    let mut fresh = Vec::new();
    if known.is_some() && keys.is_empty() {
        for label in Label::DERIVED_BEFORE {
            fresh.push(node_key.first_key(*label).map_err(broken)?);
        }
    }
    for label in Label::ALL.iter().filter(|label| label.usage() != Use::Fixed) {
        if !keys.iter().chain(&fresh).any(|key| key.label == label.name()) {
            fresh.push(node_key.new_key(*label, Generation(1)).map_err(broken)?);
        }
    }
    for key in &fresh {
        run(connection, &put(key, &mark, clock::now_ms()))?;
    }
    keys.append(&mut fresh);
    Ok(keys)
}

fn run(connection: &Connection, statement: &Statement) -> Result<(), StoreError> {
    super::execute::run(connection, statement).map(drop)
}

fn read(connection: &Connection, mark: &KeyMark) -> Result<Vec<WrappedKey>, StoreError> {
    let sql = "SELECT label, generation, wrapped FROM data_key WHERE wrapped_by = ?1";
    let question = Statement::new(sql).with(by(mark));
    super::execute::run(connection, &question)?.rows.iter().map(wrapped).collect()
}

fn saved_mark(connection: &Connection, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "SELECT value FROM node WHERE name = ?1";
    Ok(connection.query_row(sql, [name], |row| row.get(0)).optional()?)
}

fn broken(error: NodeKeyError) -> StoreError {
    match error {
        NodeKeyError::NotSealedHere => StoreError::corrupt("a data key does not open"),
        error => StoreError::Engine(error.to_string()),
    }
}
