//! One-time secrets at rest: what was sealed and wrapped, until it is read; who sent it to whom, and when it was read, for
//! [`REMEMBERED_MS`] longer. A secret is found by a hash of the half of its id that the server is told.
//!
//! A secret waits; its recipient fetches it, with a random mark of their own; it ends when they confirm, when it expires,
//! when either side drops it, or [`FETCHED_MS`] after it was fetched. Whoever fetches with the same mark in that time gets
//! it again, so an answer that was lost on the way loses no secret; with any other mark it is gone.

use super::statement::{Expect, Failure, Row, Statement, Transaction};
use super::{Ask, Store, StoreError};
use crate::account::AccountId;
use crate::audit::Act;
use crate::secret::Fingerprint;

mod key;

pub use key::{AddKey, KeyRow, MAX_KEYS, SecretKeys};

/// How long a fetched secret can be fetched again with the same mark, in milliseconds.
pub const FETCHED_MS: i64 = 10 * 60 * 1_000;
/// How long it is remembered when a secret was read or ended, in milliseconds: 30 days.
pub const REMEMBERED_MS: i64 = 30 * 24 * 3_600 * 1_000;
/// Secrets of one sender, and for one recipient, that may wait at once.
pub const MAX_WAITING: usize = 100;
/// Secrets that are listed, at most.
const LISTED: i64 = 500;

/// A secret that is sent.
pub struct NewSecret {
    /// Found by this.
    pub find_hash: [u8; 32],
    /// Who sends it.
    pub sender: AccountId,
    /// Who may fetch it.
    pub recipient: AccountId,
    /// The key it is sealed to.
    pub fingerprint: Fingerprint,
    /// What was sealed and wrapped.
    pub wrapped: Vec<u8>,
    /// In milliseconds since 1970.
    pub sent_at_ms: i64,
    /// In milliseconds since 1970.
    pub expires_at_ms: i64,
}

/// What became of sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It waits.
    Sent,
    /// The recipient has no key with this fingerprint, any more.
    NoKey,
    /// Too many wait already.
    TooMany,
    /// There is one under this id.
    Exists,
}

/// What is known of a secret; never what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretRow {
    /// The hash it is found by; the first twelve bytes name it in lists.
    pub find_hash: [u8; 32],
    /// Who sent it.
    pub sender: AccountId,
    /// Who may fetch it.
    pub recipient: AccountId,
    /// The key it is sealed to.
    pub fingerprint: Fingerprint,
    /// In milliseconds since 1970.
    pub sent_at_ms: i64,
    /// In milliseconds since 1970.
    pub expires_at_ms: i64,
    /// When it was fetched, in milliseconds since 1970.
    pub read_at_ms: Option<i64>,
    /// When it ended before it was read, in milliseconds since 1970.
    pub ended_at_ms: Option<i64>,
    /// How: `dropped`.
    pub ended: Option<String>,
    /// Whether it is still kept.
    pub is_kept: bool,
}

/// Who asks for a secret, and when.
pub struct Fetch {
    /// Of which secret.
    pub find_hash: [u8; 32],
    /// Who asks.
    pub recipient: AccountId,
    /// The key that they hold.
    pub fingerprint: Fingerprint,
    /// The hash of the mark of this fetching.
    pub reader_hash: [u8; 32],
    /// In milliseconds since 1970.
    pub at_ms: i64,
}

/// The one-time secrets in the store.
pub struct Secrets<'a>(pub(super) &'a Store);

impl Store {
    /// The one-time secrets.
    #[must_use]
    pub fn secrets(&self) -> Secrets<'_> {
        Secrets(self)
    }
}

impl Secrets<'_> {
    /// Keeps a secret, and drops what is over.
    pub fn send(&self, new: &NewSecret, act: Act) -> Ask<Sent> {
        let transaction = over(new.sent_at_ms)
            .then(has_key(new))
            .then(room("SELECT 1 FROM secret WHERE sender = ?1 AND wrapped IS NOT NULL LIMIT 1 OFFSET ?2", new.sender))
            .then(room("SELECT 1 FROM secret WHERE recipient = ?1 AND wrapped IS NOT NULL LIMIT 1 OFFSET ?2", new.recipient))
            .then(insert(new))
            .noting(act);
        self.0.attempt(transaction, |result| match result {
            Ok(_) => Ok(Sent::Sent),
            Err(Failure::Unmet { index: OVER, .. }) => Ok(Sent::NoKey),
            Err(Failure::Unmet { .. }) => Ok(Sent::TooMany),
            Err(Failure::Store(StoreError::Conflict(_))) => Ok(Sent::Exists),
            Err(failure) => Err(failure.into()),
        })
    }

    /// What is known of a secret.
    pub fn find(&self, find_hash: &[u8; 32]) -> Ask<Option<SecretRow>> {
        let sql = "SELECT find_hash, sender, recipient, fingerprint, sent_at, expires_at, read_at, ended_at, ended, \
            wrapped IS NOT NULL FROM secret WHERE find_hash = ?1";
        self.0.read(Statement::new(sql).with(find_hash.as_slice()), |rows| {
            rows.first().map(secret).transpose()
        })
    }

    /// What is known of what an account sent and was sent, the newest first.
    pub fn list(&self, account: AccountId) -> Ask<Vec<SecretRow>> {
        let sql = "SELECT find_hash, sender, recipient, fingerprint, sent_at, expires_at, read_at, ended_at, ended, \
            wrapped IS NOT NULL FROM secret WHERE sender = ?1 OR recipient = ?1 ORDER BY sent_at DESC LIMIT ?2";
        let question = Statement::new(sql).with(account.as_bytes().as_slice()).with(LISTED);
        self.0.read(question, |rows| rows.iter().map(secret).collect())
    }

    /// Fetches a secret; `None` if it is not to be had this way, any more or at all.
    pub fn fetch(&self, fetch: &Fetch, act: Act) -> Ask<Option<Vec<u8>>> {
        let sql = "UPDATE secret SET reader_hash = ?4, read_at = COALESCE(read_at, ?5) \
            WHERE find_hash = ?1 AND recipient = ?2 AND fingerprint = ?3 AND wrapped IS NOT NULL AND expires_at > ?5 \
            AND (reader_hash IS NULL OR reader_hash = ?4) RETURNING wrapped";
        let take = Statement::new(sql)
            .with(fetch.find_hash.as_slice())
            .with(fetch.recipient.as_bytes().as_slice())
            .with(fetch.fingerprint.0.as_slice())
            .with(fetch.reader_hash.as_slice())
            .with(fetch.at_ms)
            .expecting(Expect::Some);
        let transaction = over(fetch.at_ms).then(take).noting(act);
        self.0.attempt(transaction, |result| match result {
            Ok(outcome) => {
                outcome.rows(OVER).first().map(|row| Ok(row.blob(0)?.to_vec())).transpose()
            }
            Err(Failure::Unmet { .. }) => Ok(None),
            Err(failure) => Err(failure.into()),
        })
    }

    /// Destroys what was fetched with this mark; false if there is nothing of the kind.
    pub fn confirm(
        &self,
        find_hash: &[u8; 32],
        reader_hash: &[u8; 32],
        recipient: AccountId,
        act: Act,
    ) -> Ask<bool> {
        let sql = "UPDATE secret SET wrapped = NULL WHERE find_hash = ?1 AND reader_hash = ?2 AND recipient = ?3 \
            AND wrapped IS NOT NULL";
        let end = Statement::new(sql)
            .with(find_hash.as_slice())
            .with(reader_hash.as_slice())
            .with(recipient.as_bytes().as_slice());
        self.end(end, act)
    }

    /// Drops a secret that waits, which its sender or its recipient may; false if none does.
    pub fn drop_waiting(&self, find_hash: &[u8; 32], at_ms: i64, act: Act) -> Ask<bool> {
        let sql = "UPDATE secret SET wrapped = NULL, ended_at = ?2, ended = 'dropped' \
            WHERE find_hash = ?1 AND wrapped IS NOT NULL";
        self.end(Statement::new(sql).with(find_hash.as_slice()).with(at_ms), act)
    }

    /// Drops what expired, and what was fetched and never confirmed; forgets what ended long ago.
    pub fn sweep(&self, at_ms: i64) -> Ask<()> {
        self.0.write(over(at_ms), |_| Ok(()))
    }

    fn end(&self, statement: Statement, act: Act) -> Ask<bool> {
        let transaction = Transaction::from(statement.expecting(Expect::Some)).noting(act);
        self.0.attempt(transaction, |result| match result {
            Ok(_) => Ok(true),
            Err(Failure::Unmet { .. }) => Ok(false),
            Err(failure) => Err(failure.into()),
        })
    }
}

/// Statements of [`over`], before those of the caller.
const OVER: usize = 2;

fn over(at_ms: i64) -> Transaction {
    let end = "UPDATE secret SET wrapped = NULL WHERE wrapped IS NOT NULL AND (expires_at <= ?1 OR read_at <= ?2)";
    let forget = "DELETE FROM secret WHERE wrapped IS NULL AND expires_at <= ?1";
    Transaction::new()
        .then(Statement::new(end).with(at_ms).with(at_ms.saturating_sub(FETCHED_MS)))
        .then(Statement::new(forget).with(at_ms.saturating_sub(REMEMBERED_MS)))
}

fn has_key(new: &NewSecret) -> Statement {
    let sql = "SELECT 1 FROM secret_key WHERE account = ?1 AND fingerprint = ?2";
    Statement::new(sql)
        .with(new.recipient.as_bytes().as_slice())
        .with(new.fingerprint.0.as_slice())
        .expecting(Expect::Some)
}

/// Whether one more may wait.
fn room(sql: &'static str, account: AccountId) -> Statement {
    let last = i64::try_from(MAX_WAITING - 1).unwrap_or(i64::MAX);
    Statement::new(sql).with(account.as_bytes().as_slice()).with(last).expecting(Expect::None)
}

fn insert(new: &NewSecret) -> Statement {
    let sql = "INSERT INTO secret (find_hash, sender, recipient, fingerprint, wrapped, sent_at, expires_at) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    Statement::new(sql)
        .with(new.find_hash.as_slice())
        .with(new.sender.as_bytes().as_slice())
        .with(new.recipient.as_bytes().as_slice())
        .with(new.fingerprint.0.as_slice())
        .with(new.wrapped.as_slice())
        .with(new.sent_at_ms)
        .with(new.expires_at_ms)
}

fn secret(row: &Row) -> Result<SecretRow, StoreError> {
    Ok(SecretRow {
        find_hash: row.array(0)?,
        sender: AccountId::from_bytes(row.array(1)?),
        recipient: AccountId::from_bytes(row.array(2)?),
        fingerprint: Fingerprint(row.array(3)?),
        sent_at_ms: row.int(4)?,
        expires_at_ms: row.int(5)?,
        read_at_ms: row.maybe_int(6)?,
        ended_at_ms: row.maybe_int(7)?,
        ended: row.maybe_text(8)?.map(str::to_owned),
        is_kept: row.int(9)? != 0,
    })
}
