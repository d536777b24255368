//! Runs statements on a SQLite connection. The one place where the engine is spoken to after opening.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, params_from_iter};

use super::error::StoreError;
use super::statement::{Answer, Datum, Expect, Failure, Outcome, Row, Statement, Transaction};

/// Runs one statement.
pub(super) fn run(connection: &Connection, statement: &Statement) -> Result<Answer, StoreError> {
    let mut prepared = connection.prepare_cached(statement.sql)?;
    let values = params_from_iter(&statement.values);
    if prepared.column_count() == 0 {
        return Ok(Answer { rows: Vec::new(), changed: prepared.execute(values)? });
    }
    let columns = prepared.column_count();
    let mut found = prepared.query(values)?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        let data = (0..columns).map(|column| datum(row.get_ref(column)?));
        rows.push(Row(data.collect::<Result<_, StoreError>>()?));
    }
    Ok(Answer { changed: rows.len(), rows })
}

/// Runs one statement that reads, and hands out its rows as they come until `take` wants no more.
pub(super) fn each(
    connection: &Connection,
    statement: &Statement,
    take: &mut dyn FnMut(&Row) -> bool,
) -> Result<(), StoreError> {
    let mut prepared = connection.prepare_cached(statement.sql)?;
    // One row for all: what it holds is overwritten, and nothing is allocated a row.
    let mut data = Row(vec![Datum::Null; prepared.column_count()]);
    let mut found = prepared.query(params_from_iter(&statement.values))?;
    while let Some(row) = found.next()? {
        for (column, into) in data.0.iter_mut().enumerate() {
            overwrite(into, row.get_ref(column)?)?;
        }
        if !take(&data) {
            break;
        }
    }
    Ok(())
}

fn overwrite(into: &mut Datum, value: ValueRef<'_>) -> Result<(), StoreError> {
    match (&mut *into, value) {
        (Datum::Blob(bytes), ValueRef::Blob(value)) => {
            bytes.clear();
            bytes.extend_from_slice(value);
        }
        _ => *into = datum(value)?,
    }
    Ok(())
}

/// Runs a transaction's statements in order, stopping at the first that fails or finds what it must not.
pub(super) fn run_all(
    connection: &Connection,
    transaction: &Transaction,
) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::default();
    for (index, statement) in transaction.statements.iter().enumerate() {
        let answer = run(connection, statement)?;
        let met = match statement.expect {
            Expect::Anything => true,
            Expect::Some => answer.changed > 0,
            Expect::None => answer.changed == 0,
        };
        outcome.answers.push(answer);
        if !met {
            return Err(Failure::Unmet { index, so_far: outcome });
        }
    }
    Ok(outcome)
}

fn datum(value: ValueRef<'_>) -> Result<Datum, StoreError> {
    match value {
        ValueRef::Null => Ok(Datum::Null),
        ValueRef::Integer(value) => Ok(Datum::Int(value)),
        ValueRef::Blob(value) => Ok(Datum::Blob(value.to_vec())),
        ValueRef::Text(value) => {
            let text = std::str::from_utf8(value)
                .map_err(|_| StoreError::corrupt("text that is not UTF-8"))?;
            Ok(Datum::Text(text.to_owned()))
        }
        ValueRef::Real(_) => Err(StoreError::corrupt("a fraction where the schema has none")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::device::{SavedSubscription, put_subscriptions};
    use crate::store::{connect, schema};
    use pintle_protocol::DeviceId;
    use rusqlite::{OpenFlags, StatementStatus};

    #[test]
    fn a_statement_is_compiled_once_whatever_is_bound_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let connection = connect(&folder.path().join("x.sqlite3"), flags).unwrap();
        schema::migrate(&connection).unwrap();
        let write = |device: u8| {
            let prefix = format!("p{device}");
            let one = SavedSubscription { prefix, options: device.into() };
            put_subscriptions(DeviceId::from_bytes([device; 12]), &[one])
        };
        for device in 0..3 {
            run_all(&connection, &write(device)).unwrap();
        }
        for statement in write(3).statements {
            let prepared = connection.prepare_cached(statement.sql).unwrap();
            assert_eq!(prepared.get_status(StatementStatus::RePrepare), 0, "{}", statement.sql);
            assert_eq!(prepared.get_status(StatementStatus::Run), 3, "it was kept");
        }
    }
}
