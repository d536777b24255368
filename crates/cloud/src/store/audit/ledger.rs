//! The writing thread's side of the audit log: it adds the acts of a commit to the chain, inside that commit.
//!
//! 1. Where there is no key that the log and the key file agree on, a line of keys begins.
//! 2. Each act becomes an entry, linked to the one before.
//! 3. When the key was used long enough, an entry names the next one.
//! 4. The last entry is signed, with the key that was in force before it.
//! 5. After the commit the old key is wiped.
//!
//! Whatever fails, the next commit reads from the database where the log stands.

use rusqlite::Connection;

use crate::audit::entry::{BEGAN, Entry, TURNED};
use crate::audit::{Act, Board, Head, KeyFile, Link, Reason, SignedHead, SigningKey};
use crate::node_key::{NodeKeyError, Sealer};
use crate::store::execute::run;
use crate::store::{Row, Statement, StoreError};

/// Entries under one key, at most.
const ENTRIES_A_KEY: u64 = 1_024;
/// How long a key signs, in milliseconds, once it has signed anything.
pub(in crate::store) const KEY_LIFE_MS: i64 = 5 * 60 * 1_000;

/// Where the log stands, and what is needed to go on with it.
pub(in crate::store) struct Ledger {
    key_file: KeyFile,
    reasons: Sealer,
    board: Board,
    /// What the last commit left; `None` where it has to be read again.
    at_rest: Option<Standing>,
}

struct Standing {
    head: Head,
    /// In force; none before the first entry, or where the line of keys is broken.
    key: Option<SigningKey>,
    /// The number of the entry that named it.
    named: u64,
    /// When it was first used; `None` for a key from before this process, which has been used long enough.
    since_ms: Option<i64>,
}

/// What a commit adds, to be kept when it is durable.
pub(in crate::store) struct Page {
    standing: Standing,
    signed: SignedHead,
    turned: bool,
}

impl Ledger {
    pub(in crate::store) fn new(key_file: KeyFile, reasons: Sealer, board: Board) -> Self {
        Self { key_file, reasons, board, at_rest: None }
    }

    /// Reads where the log stands. A key file that does not fit the log is told of, loudly: a new line of keys begins then.
    pub(in crate::store) fn open(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let standing = self.read(connection)?;
        if standing.head.seq > 0 && standing.key.is_none() {
            tracing::error!(
                head = %standing.head,
                "the key file of the audit log is missing or older than the log (a restored backup?): a new line of keys begins, \
                 and `pintle audit verify` will say so"
            );
        }
        if let Some(signed) = signed_head(connection, &standing)? {
            self.board.put(signed);
        }
        self.at_rest = Some(standing);
        Ok(())
    }

    /// Adds acts to the log, in the transaction that is open on this connection. Nothing where there are none and the key is
    /// fresh enough.
    pub(in crate::store) fn append(
        &mut self,
        connection: &Connection,
        acts: &[&Act],
        now_ms: i64,
    ) -> Result<Option<Page>, StoreError> {
        let mut standing = match self.at_rest.take() {
            Some(standing) => standing,
            None => self.read(connection)?,
        };
        if acts.is_empty() && !standing.key_is_old(now_ms) {
            self.at_rest = Some(standing);
            return Ok(None);
        }
        let mut turned = standing.key.is_none();
        if turned {
            self.name_key(connection, &mut standing, BEGAN, now_ms)?;
        }
        for act in acts {
            self.write_act(connection, &mut standing, act)?;
        }
        // Only a key from before this commit can be too old, so there is never more than one new key in it.
        let signer = match standing.key_is_old(now_ms) && !turned {
            true => self.name_key(connection, &mut standing, TURNED, now_ms)?,
            false => None,
        };
        turned |= signer.is_some();
        let signer = signer.as_ref().or(standing.key.as_ref());
        let signed = signer.ok_or(StoreError::Closed)?.sign(standing.head);
        sign(connection, &signed)?;
        standing.since_ms.get_or_insert(now_ms);
        Ok(Some(Page { standing, signed, turned }))
    }

    /// What was added is durable.
    pub(in crate::store) fn keep(&mut self, page: Page) {
        if page.turned
            && let Err(error) = self.key_file.settle()
        {
            tracing::error!(%error, "the old key of the audit log could not be wiped yet");
        }
        self.board.put(page.signed);
        self.at_rest = Some(page.standing);
    }

    /// Whether an entry waits for the next key although nobody writes, and after how long it should come.
    pub(in crate::store) fn turns_in_ms(&self, now_ms: i64) -> Option<i64> {
        let standing = self.at_rest.as_ref().filter(|standing| standing.used() > 0)?;
        let age = standing.since_ms.map_or(KEY_LIFE_MS, |since| now_ms.saturating_sub(since));
        Some(if age < 0 { 0 } else { KEY_LIFE_MS.saturating_sub(age).max(0) })
    }

    /// Names the next key at the next commit, however fresh this one is.
    pub(in crate::store) fn age(&mut self) {
        if let Some(standing) = &mut self.at_rest {
            standing.since_ms = None;
        }
    }

    pub(in crate::store) fn board(&self) -> &Board {
        &self.board
    }

    fn read(&mut self, connection: &Connection) -> Result<Standing, StoreError> {
        let last = Statement::new("SELECT seq, link FROM audit_entry ORDER BY seq DESC LIMIT 1");
        let head =
            run(connection, &last)?.rows.first().map(head).transpose()?.unwrap_or(Head::EMPTY);
        let sql = "SELECT body FROM audit_entry WHERE names_key = 1 ORDER BY seq DESC LIMIT 1";
        let naming = run(connection, &Statement::new(sql))?;
        let naming = naming.rows.first().and_then(|row| Entry::decode(row.blob(0).ok()?).ok());
        let public = naming.as_ref().and_then(|entry| entry.key);
        let found = public.map(|public| self.key_file.find(public)).transpose();
        let key = found.map_err(|error| {
            StoreError::Unwritable(format!("the key of the audit log: {error}"))
        })?;
        let named = naming.map_or(0, |entry| entry.seq);
        let key = key.flatten();
        if key.is_some()
            && let Err(error) = self.key_file.wipe_other()
        {
            tracing::error!(%error, "the key file of the audit log cannot be written");
        }
        Ok(Standing { head, key, named, since_ms: None })
    }

    fn write_act(
        &self,
        connection: &Connection,
        standing: &mut Standing,
        act: &Act,
    ) -> Result<(), StoreError> {
        let seq = standing.head.seq + 1;
        let reason = act.why.as_deref().map(Reason::new).transpose().map_err(refused)?;
        let entry = Entry::of(act, seq, reason.as_ref().map(Reason::commitment));
        standing.write(connection, &entry)?;
        if let Some(reason) = reason {
            let sealed = reason.seal(&self.reasons, seq).map_err(refused)?;
            let insert = Statement::new("INSERT INTO audit_reason (seq, sealed) VALUES (?1, ?2)");
            run(connection, &insert.with(number(seq)?).with(sealed))?;
        }
        Ok(())
    }

    /// Makes a key, writes it beside the one in force, and the entry that names it; the key before.
    fn name_key(
        &self,
        connection: &Connection,
        standing: &mut Standing,
        what: &'static str,
        now_ms: i64,
    ) -> Result<Option<SigningKey>, StoreError> {
        let key = SigningKey::generate().map_err(refused)?;
        let prepared = self.key_file.prepare(&key);
        if let (Err(error), true) = (&prepared, standing.key.is_some()) {
            tracing::error!(%error, "the audit log goes on under its old key: the next one cannot be written");
            standing.since_ms = Some(now_ms);
            return Ok(None);
        }
        prepared.map_err(|error| {
            StoreError::Unwritable(format!("the key of the audit log: {error}"))
        })?;
        let seq = standing.head.seq + 1;
        standing.write(connection, &Entry::naming(what, key.public(), seq, now_ms))?;
        (standing.named, standing.since_ms) = (seq, Some(now_ms));
        Ok(standing.key.replace(key))
    }
}

impl Standing {
    /// Entries since the one that named the key.
    fn used(&self) -> u64 {
        self.head.seq.saturating_sub(self.named)
    }

    fn key_is_old(&self, now_ms: i64) -> bool {
        // A clock that was set back makes every key old, not none.
        let fresh = |since: i64| (0..KEY_LIFE_MS).contains(&now_ms.saturating_sub(since));
        self.used() > 0 && (self.used() >= ENTRIES_A_KEY || !self.since_ms.is_some_and(fresh))
    }

    fn write(&mut self, connection: &Connection, entry: &Entry) -> Result<(), StoreError> {
        let body = entry.encode();
        self.head = Head { seq: entry.seq, link: self.head.link.next(&body) };
        let sql = "INSERT INTO audit_entry (seq, body, link, names_key) VALUES (?1, ?2, ?3, ?4)";
        let insert = Statement::new(sql).with(number(entry.seq)?).with(body);
        let insert = insert.with(self.head.link.0.as_slice()).with(i64::from(entry.key.is_some()));
        run(connection, &insert).map(drop)
    }
}

fn sign(connection: &Connection, signed: &SignedHead) -> Result<(), StoreError> {
    let update = Statement::new("UPDATE audit_entry SET signature = ?1 WHERE seq = ?2");
    let update = update.with(signed.signature.as_slice()).with(number(signed.head.seq)?);
    run(connection, &update).map(drop)
}

/// The newest head with its signature, where the key in force made it.
fn signed_head(
    connection: &Connection,
    standing: &Standing,
) -> Result<Option<SignedHead>, StoreError> {
    let Some(key) = &standing.key else { return Ok(None) };
    let last = Statement::new("SELECT signature FROM audit_entry WHERE seq = ?1");
    let last = run(connection, &last.with(number(standing.head.seq)?))?;
    let signature = last.rows.first().and_then(|row| row.array(0).ok());
    let signed =
        signature.map(|signature| SignedHead { head: standing.head, key: key.public(), signature });
    Ok(signed.filter(SignedHead::holds))
}

fn head(row: &Row) -> Result<Head, StoreError> {
    Ok(Head { seq: row.number(0)?, link: Link(row.array(1)?) })
}

fn number(seq: u64) -> Result<i64, StoreError> {
    i64::try_from(seq)
        .map_err(|_| StoreError::corrupt("an audit entry with a number that cannot be"))
}

fn refused(error: NodeKeyError) -> StoreError {
    StoreError::Engine(error.to_string())
}
