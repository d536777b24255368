//! A transaction as a value: statements in order, each with what it must find, executed whole or not at all.
//!
//! The SQL keeps to what SQLite and PostgreSQL both understand: `?n` placeholders, integers, text and blobs, no
//! booleans, no dates, `ON CONFLICT` and `RETURNING`. Times are milliseconds since 1970 (`BIGINT`).

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};

use super::error::StoreError;
use crate::audit::Act;

/// One value in a statement or a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Datum {
    /// SQL NULL.
    Null,
    /// A 64-bit integer.
    Int(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl From<i64> for Datum {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u16> for Datum {
    fn from(value: u16) -> Self {
        Self::Int(value.into())
    }
}

impl From<u32> for Datum {
    fn from(value: u32) -> Self {
        Self::Int(value.into())
    }
}

impl From<&str> for Datum {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Datum {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<&[u8]> for Datum {
    fn from(value: &[u8]) -> Self {
        Self::Blob(value.to_vec())
    }
}

impl From<Vec<u8>> for Datum {
    fn from(value: Vec<u8>) -> Self {
        Self::Blob(value)
    }
}

impl<T: Into<Self>> From<Option<T>> for Datum {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl ToSql for Datum {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Blob(value) => ValueRef::Blob(value),
        }))
    }
}

/// What a statement must find, or the whole transaction is undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Anything.
    Anything,
    /// At least one row returned or changed.
    Some,
    /// No row returned or changed.
    None,
}

/// One statement with its values and its expectation.
#[derive(Clone, Debug)]
pub struct Statement {
    pub(super) sql: &'static str,
    pub(super) values: Vec<Datum>,
    pub(super) expect: Expect,
}

impl Statement {
    /// A statement without values that expects nothing.
    #[must_use]
    pub fn new(sql: &'static str) -> Self {
        Self { sql, values: Vec::new(), expect: Expect::Anything }
    }

    /// Adds the value of the next placeholder.
    #[must_use]
    pub fn with(mut self, value: impl Into<Datum>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Sets what the statement must find.
    #[must_use]
    pub fn expecting(mut self, expect: Expect) -> Self {
        self.expect = expect;
        self
    }
}

/// Statements that happen together or not at all.
#[derive(Clone, Debug, Default)]
pub struct Transaction {
    pub(super) statements: Vec<Statement>,
    /// Written down with them.
    pub(super) acts: Vec<Noted>,
}

/// An act that a transaction tells of.
#[derive(Clone, Debug)]
pub(super) struct Noted {
    pub(super) act: Act,
    when: When,
    /// It may come in floods: then it is counted, and written as a number.
    pub(super) counted: bool,
}

/// When there was such an act, where all statements held.
#[derive(Clone, Copy, Debug)]
enum When {
    Always,
    /// Where this statement changed or returned a row.
    Changed(usize),
    /// Where any did.
    AnyChanged,
}

impl Transaction {
    /// A transaction that does nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the engine itself undoes it whole where it fails: it is one statement, and what it must not find is not
    /// found by changing it.
    pub(super) fn is_one_step(&self) -> bool {
        matches!(
            &self.statements[..],
            [] | [Statement { expect: Expect::Anything | Expect::Some, .. }]
        )
    }

    /// Adds a statement after the others.
    #[must_use]
    pub fn then(mut self, statement: Statement) -> Self {
        self.statements.push(statement);
        self
    }

    /// Writes an act down in the audit log, if all of the statements hold.
    #[must_use]
    pub fn noting(self, act: Act) -> Self {
        self.note(act, When::Always, false)
    }

    /// Writes an act down in the audit log, if all of the statements hold and the one before this call changed or returned
    /// a row: for changes of which the database decides whether they are one.
    #[must_use]
    pub fn noting_if_so(self, act: Act) -> Self {
        let when = self.statements.len().checked_sub(1).map_or(When::Always, When::Changed);
        self.note(act, when, false)
    }

    /// Writes an act down in the audit log, if all of the statements hold and any of them changed or returned a row.
    pub(super) fn noting_any_change(self, act: Act) -> Self {
        self.note(act, When::AnyChanged, false)
    }

    /// As [`Transaction::noting`], for what a stranger can bring about as often as they like: counted where it comes in
    /// floods, as [`super::Store::note`] does.
    #[must_use]
    pub fn counting(self, act: Act) -> Self {
        self.note(act, When::Always, true)
    }

    fn note(mut self, act: Act, when: When, counted: bool) -> Self {
        self.acts.push(Noted { act, when, counted });
        self
    }

    /// Adds another transaction after this one; both happen or neither.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        let before = self.statements.len();
        self.statements.extend(other.statements);
        self.acts.extend(other.acts.into_iter().map(|noted| match noted.when {
            When::Changed(index) => Noted { when: When::Changed(index + before), ..noted },
            _ => noted,
        }));
        self
    }

    /// The acts that took place, by what the statements gave.
    pub(super) fn acts_in<'a>(&'a self, outcome: &Outcome) -> impl Iterator<Item = &'a Act> {
        let took_place = |noted: &&Noted| match noted.when {
            When::Always => true,
            When::Changed(index) => outcome.changed(index) > 0,
            When::AnyChanged => outcome.answers.iter().any(|answer| answer.changed > 0),
        };
        self.acts.iter().filter(took_place).map(|noted| &noted.act)
    }
}

impl FromIterator<Statement> for Transaction {
    fn from_iter<T: IntoIterator<Item = Statement>>(statements: T) -> Self {
        Self { statements: statements.into_iter().collect(), acts: Vec::new() }
    }
}

impl From<Statement> for Transaction {
    fn from(statement: Statement) -> Self {
        Self { statements: vec![statement], acts: Vec::new() }
    }
}

/// One row of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row(pub(super) Vec<Datum>);

impl Row {
    fn wrong(column: usize) -> StoreError {
        StoreError::corrupt(format!("column {column} does not hold what the schema says"))
    }

    /// The integer in a column.
    pub fn int(&self, column: usize) -> Result<i64, StoreError> {
        self.maybe_int(column)?.ok_or_else(|| Self::wrong(column))
    }

    /// The integer in a column that may be NULL.
    pub fn maybe_int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self.0.get(column) {
            Some(Datum::Int(value)) => Ok(Some(*value)),
            Some(Datum::Null) => Ok(None),
            _ => Err(Self::wrong(column)),
        }
    }

    /// The number in a column that may be NULL, in the type asked for.
    pub fn maybe_number<N: TryFrom<i64>>(&self, column: usize) -> Result<Option<N>, StoreError> {
        let value = self.maybe_int(column)?;
        value.map(|value| N::try_from(value).map_err(|_| Self::wrong(column))).transpose()
    }

    /// The number in a column, in the type asked for.
    pub fn number<N: TryFrom<i64>>(&self, column: usize) -> Result<N, StoreError> {
        self.maybe_number(column)?.ok_or_else(|| Self::wrong(column))
    }

    /// The text in a column.
    pub fn text(&self, column: usize) -> Result<&str, StoreError> {
        self.maybe_text(column)?.ok_or_else(|| Self::wrong(column))
    }

    /// The text in a column that may be NULL.
    pub fn maybe_text(&self, column: usize) -> Result<Option<&str>, StoreError> {
        match self.0.get(column) {
            Some(Datum::Text(value)) => Ok(Some(value)),
            Some(Datum::Null) => Ok(None),
            _ => Err(Self::wrong(column)),
        }
    }

    /// The bytes in a column.
    pub fn blob(&self, column: usize) -> Result<&[u8], StoreError> {
        self.maybe_blob(column)?.ok_or_else(|| Self::wrong(column))
    }

    /// The bytes in a column that may be NULL.
    pub fn maybe_blob(&self, column: usize) -> Result<Option<&[u8]>, StoreError> {
        match self.0.get(column) {
            Some(Datum::Blob(value)) => Ok(Some(value)),
            Some(Datum::Null) => Ok(None),
            _ => Err(Self::wrong(column)),
        }
    }

    /// Bytes of a fixed length.
    pub fn array<const N: usize>(&self, column: usize) -> Result<[u8; N], StoreError> {
        self.maybe_array(column)?.ok_or_else(|| Self::wrong(column))
    }

    /// Bytes of a fixed length that may be NULL.
    pub fn maybe_array<const N: usize>(
        &self,
        column: usize,
    ) -> Result<Option<[u8; N]>, StoreError> {
        let bytes = self.maybe_blob(column)?;
        bytes.map(|bytes| bytes.try_into().map_err(|_| Self::wrong(column))).transpose()
    }
}

/// What one statement gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Rows it returned.
    pub rows: Vec<Row>,
    /// Rows it changed.
    pub changed: usize,
}

/// What the statements of a transaction gave, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub(super) answers: Vec<Answer>,
}

impl Outcome {
    /// The rows the statement at `index` returned.
    #[must_use]
    pub fn rows(&self, index: usize) -> &[Row] {
        self.answers.get(index).map_or(&[], |answer| answer.rows.as_slice())
    }

    /// The rows the statement at `index` changed.
    #[must_use]
    pub fn changed(&self, index: usize) -> usize {
        self.answers.get(index).map_or(0, |answer| answer.changed)
    }
}

/// Why a transaction was undone.
#[derive(Clone, Debug)]
pub enum Failure {
    /// The statement at `index` did not meet its expectation; what came before it is here to explain.
    Unmet {
        /// Counted from 0.
        index: usize,
        /// Answers up to and with that statement.
        so_far: Outcome,
    },
    /// The store failed or refused.
    Store(StoreError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unmet { .. } => Self::Unmet,
            Failure::Store(error) => error,
        }
    }
}
