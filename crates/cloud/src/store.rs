//! What the node remembers: one SQLite file, one writer, several readers.
//!
//! A write is a [`Transaction`] value, queued to one thread that commits many callers with one sync; a read is
//! one [`Statement`] on a reading thread. Both answer through an [`Ask`], which async code awaits and a plain
//! thread waits for; a read of all there is answers through a [`Stream`]. Who must not wait to write calls [`Store::enqueue`]. The typed repositories
//! ([`Store::devices`], [`Store::pins`], [`Store::products`], [`Store::firmware`] and their neighbours) hold the SQL;
//! nothing outside this folder does.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::audit::{Act, Board, KeyFile};
use crate::node_key::{Label, NodeKey, NodeKeyError};

pub mod account;
mod ask;
pub mod audit;
pub mod clean_stop;
pub mod client;
pub mod customer;
pub mod data_key;
pub mod device;
mod error;
mod execute;
pub mod firmware;
pub mod hook;
pub mod member;
pub mod milestone;
pub mod organization;
pub mod pin;
pub mod product;
pub mod product_device;
mod reader;
pub mod refresh;
pub mod rollout;
mod schema;
pub(crate) mod sealed;
pub mod second_factor;
pub mod secret;
mod snapshot;
mod statement;
mod stream;
pub mod survey;
pub mod token;
mod writer;

pub use ask::Ask;
use ask::Reply;
pub use error::StoreError;
pub(crate) use snapshot::{check, snapshot};
pub use statement::{Answer, Datum, Expect, Failure, Outcome, Row, Statement, Transaction};
pub use stream::Stream;

/// The name of the database file in a data folder.
pub const FILE_NAME: &str = "store.sqlite3";

/// Connections that read.
const READERS: usize = 2;

/// The store. Cheap to clone; the last clone to go writes what is queued and closes the file.
#[derive(Clone)]
pub struct Store {
    rooms: Arc<Rooms>,
    telling: Option<Act>,
}

struct Rooms {
    // Dropped in this order: the writer last, so that its connection folds the log into the file.
    readers: reader::Readers,
    rsa_pins: tokio::sync::Mutex<()>,
    board: Board,
    writer: writer::Writer,
}

impl Store {
    /// Opens the store of a data folder, making it (mode 0600) when there is none, and gives the node key the data keys
    /// in it. Blocks.
    pub fn open(folder: &Path, node_key: &NodeKey) -> Result<Self, StoreError> {
        let path = folder.join(FILE_NAME);
        create_private(&path)
            .map_err(|error| StoreError::Open { path: path.clone(), reason: error.to_string() })?;
        let writing = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        prepare_writer(&writing, &path)?;
        schema::migrate(&writing)?;
        data_key::open(&writing, node_key)?;
        let reading = (0..READERS).map(|_| connect(&path, OpenFlags::SQLITE_OPEN_READ_ONLY));
        let readers = reader::Readers::start(reading.collect::<Result<_, _>>()?)?;
        let board = Board::default();
        let mut ledger = ledger(folder, node_key, board.clone())?;
        ledger.open(&writing)?;
        let writer = writer::Writer::start(writing, ledger)?;
        let rsa_pins = tokio::sync::Mutex::default();
        Ok(Self { rooms: Arc::new(Rooms { readers, rsa_pins, board, writer }), telling: None })
    }

    /// This store, for one write: with it the act is written down in the audit log, if the write is made and changes
    /// something.
    #[must_use]
    pub fn telling(&self, act: Act) -> Self {
        Self { rooms: Arc::clone(&self.rooms), telling: Some(act) }
    }

    fn submit(
        &self,
        transaction: Transaction,
        reply: Option<Reply>,
        patient: bool,
    ) -> Result<(), StoreError> {
        let transaction = match &self.telling {
            Some(act) => transaction.noting_any_change(act.clone()),
            None => transaction,
        };
        self.rooms.writer.submit(transaction, reply, patient)
    }

    /// Queues a write that nobody waits for; never blocks. [`StoreError::Busy`] when 65,536 are waiting.
    ///
    /// Writes are made in the order they were queued. One that fails later is logged; one that the disk refuses waits
    /// for it.
    pub fn enqueue(&self, transaction: impl Into<Transaction>) -> Result<(), StoreError> {
        self.submit(transaction.into(), None, true)
    }

    /// Answers when everything queued before this call is durable.
    pub fn flush(&self) -> Ask<()> {
        self.write(Transaction::new(), |_| Ok(()))
    }

    /// Answers if a reader can read: for readiness checks.
    pub fn ping(&self) -> Ask<()> {
        self.read(Statement::new("SELECT version FROM schema_version LIMIT 1"), |_| Ok(()))
    }

    /// A write whose expectations, when unmet, are a plain [`StoreError::Unmet`].
    fn write<T>(
        &self,
        transaction: impl Into<Transaction>,
        decode: impl FnOnce(&Outcome) -> Result<T, StoreError> + Send + 'static,
    ) -> Ask<T> {
        self.attempt(transaction, |result| decode(&result?))
    }

    /// A write whose failures `decode` explains.
    fn attempt<T, E>(
        &self,
        transaction: impl Into<Transaction>,
        decode: impl FnOnce(Result<Outcome, Failure>) -> Result<T, E> + Send + 'static,
    ) -> Ask<T, E> {
        let (ask, reply) = Ask::new(decode);
        // A refusal reaches the asker through its reply.
        drop(self.submit(transaction.into(), Some(reply), false));
        ask
    }

    /// A write that waits where the disk refuses it, and answers when it is durable.
    fn write_patiently(&self, transaction: Transaction) -> Ask<()> {
        let (ask, reply) = Ask::new(|result: Result<Outcome, Failure>| {
            result?;
            Ok(())
        });
        // A refusal reaches the asker through its reply.
        drop(self.submit(transaction, Some(reply), true));
        ask
    }

    /// The same for one who does not wait: `told` is called on the writing thread, and must not block.
    fn write_and_tell(
        &self,
        transaction: Transaction,
        told: impl FnOnce(Result<(), StoreError>) + Send + 'static,
    ) {
        let told =
            Reply::Told(Box::new(|outcome| told(outcome.map(drop).map_err(StoreError::from))));
        // A refusal is told like any other outcome.
        drop(self.submit(transaction, Some(told), true));
    }

    fn read<T>(
        &self,
        statement: Statement,
        decode: impl FnOnce(&[Row]) -> Result<T, StoreError> + Send + 'static,
    ) -> Ask<T> {
        let (ask, reply) = Ask::new(|result: Result<Outcome, Failure>| decode(result?.rows(0)));
        self.rooms.readers.submit(statement, reply);
        ask
    }

    /// A read whose answer may be long.
    fn stream<T: Send + 'static>(
        &self,
        statement: Statement,
        decode: stream::Decode<T>,
    ) -> Stream<T> {
        let (stream, drain) = Stream::new(decode);
        self.rooms.readers.stream(statement, drain);
        stream
    }
}

fn ledger(folder: &Path, node_key: &NodeKey, board: Board) -> Result<audit::Ledger, StoreError> {
    let no_crypto = |error: NodeKeyError| StoreError::Engine(error.to_string());
    let key_file = KeyFile::of(folder, node_key).map_err(no_crypto)?;
    let reasons = node_key.sealer(Label::AUDIT_REASON).map_err(no_crypto)?;
    Ok(audit::Ledger::new(key_file, reasons, board))
}

fn create_private(path: &Path) -> io::Result<()> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map(drop)
}

fn connect(path: &PathBuf, access: OpenFlags) -> Result<Connection, StoreError> {
    let open = |error: rusqlite::Error| match StoreError::from(error) {
        StoreError::Engine(reason) | StoreError::Unwritable(reason) => {
            StoreError::Open { path: path.clone(), reason }
        }
        other => other,
    };
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(open)?;
    connection.busy_timeout(std::time::Duration::from_secs(5)).map_err(open)?;
    connection.set_prepared_statement_cache_capacity(64);
    // One plan for a statement, whatever is bound to it: else many are compiled anew whenever something is.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(open)?;
    connection.pragma_update(None, "foreign_keys", "ON").map_err(open)?;
    Ok(connection)
}

fn prepare_writer(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        let reason =
            format!("it cannot keep a write-ahead log here (mode {mode}): use a local disk");
        return Err(StoreError::Open { path: path.to_owned(), reason });
    }
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Deleted rows are overwritten: a session taken out must not stay readable in the file.
    connection.pragma_update(None, "secure_delete", "ON")?;
    Ok(())
}
