//! The writing thread against a disk that refuses.

use super::*;
use crate::audit::{Board, KeyFile};
use crate::node_key::{Label, NodeKey};
use crate::store::statement::Expect;
use crate::store::{Statement, schema};
use std::path::Path;

/// A database as a node has it, with a table for what is big.
fn database(folder: &Path) -> (Connection, Ledger) {
    let connection = Connection::open(folder.join("full.sqlite3")).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    schema::migrate(&connection).unwrap();
    connection.execute_batch("CREATE TABLE big (x BLOB)").unwrap();
    let node_key = NodeKey::generate().unwrap();
    let reasons = node_key.sealer(Label::AUDIT_REASON).unwrap();
    let mut ledger =
        Ledger::new(KeyFile::of(folder, &node_key).unwrap(), reasons, Board::default());
    ledger.open(&connection).unwrap();
    (connection, ledger)
}

fn desk(folder: &Path) -> (Desk, Sender<Arrival>) {
    let (connection, ledger) = database(folder);
    let (queue, arrivals) = channel();
    (Desk::new(connection, ledger, arrivals, Arc::default(), Arc::default()), queue)
}

fn count(connection: &Connection, table: &str) -> i64 {
    connection.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

fn put(bytes: usize) -> Job {
    let insert = Statement::new("INSERT INTO big (x) VALUES (?1)").with(vec![0_u8; bytes]);
    Job { transaction: insert.into(), reply: None, patient: false }
}

#[test]
fn on_a_full_disk_nobody_is_told_done_and_small_writes_work_again_after() {
    let dir = tempfile::tempdir().unwrap();
    let (connection, mut ledger) = database(dir.path());
    let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    connection.pragma_update(None, "max_page_count", pages + 16).unwrap();
    let results = commit(&connection, &mut ledger, &[put(10), put(1_000_000), put(10)], 1);
    let rows = || count(&connection, "big");
    let told_done = i64::try_from(results.iter().filter(|result| result.is_ok()).count()).unwrap();
    assert_eq!(rows(), told_done);
    assert!(matches!(results[1], Err(Failure::Store(StoreError::Full))));
    assert!(commit(&connection, &mut ledger, &[put(10)], 2)[0].is_ok());
    assert_eq!(rows(), told_done + 1);
}

#[test]
fn what_a_device_said_waits_for_a_full_disk_and_people_are_told_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let (mut desk, queue) = desk(dir.path());
    // As a full disk is, or one mounted read-only.
    desk.connection.pragma_update(None, "query_only", "ON").unwrap();
    let (told, heard) = tokio::sync::oneshot::channel();
    desk.waiting.store(2, Ordering::Relaxed);
    queue.send(Arrival::Job(Job { patient: true, ..put(10) })).unwrap();
    queue.send(Arrival::Job(Job { reply: Some(Reply::Asker(told)), ..put(10) })).unwrap();
    let arrived = desk.next().unwrap();
    let group = desk.admit(arrived, 1);
    desk.write(group, true);
    assert!(is_of_disk(&heard.blocking_recv().unwrap()));
    assert_eq!((desk.kept.len(), desk.failing), (1, true));
    assert_eq!(desk.waiting.load(Ordering::Relaxed), 1);
    desk.connection.pragma_update(None, "query_only", "OFF").unwrap();
    let kept = std::mem::take(&mut desk.kept);
    desk.write(kept, true);
    assert_eq!((desk.kept.len(), desk.failing), (0, false));
    assert_eq!(count(&desk.connection, "big"), 1);
}

/// A caller of one statement.
fn step(sql: &'static str, expect: Expect) -> Job {
    let transaction = Statement::new(sql).expecting(expect).into();
    Job { transaction, reply: None, patient: false }
}

#[test]
fn a_caller_of_one_step_that_fails_undoes_itself_whole_and_nobody_else() {
    let dir = tempfile::tempdir().unwrap();
    let (connection, mut ledger) = database(dir.path());
    connection.execute_batch("CREATE TABLE once (x BIGINT UNIQUE)").unwrap();
    let group = [
        put(10),
        step("INSERT INTO once (x) VALUES (1), (2), (1)", Expect::Anything),
        step("INSERT INTO once (x) VALUES (3)", Expect::None),
        step("DELETE FROM once", Expect::Some),
        put(10),
    ];
    let results = commit(&connection, &mut ledger, &group, 1);
    assert_eq!(
        results.iter().map(Result::is_ok).collect::<Vec<_>>(),
        [true, false, false, false, true]
    );
    assert_eq!((count(&connection, "once"), count(&connection, "big")), (0, 2));
}

#[test]
fn p10_acts_are_written_with_the_change_they_tell_of_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let (connection, mut ledger) = database(dir.path());
    let act = |what| Act::new(what, Who::Operator, 5);
    let job = |transaction: Transaction| Job { transaction, reply: None, patient: false };
    let insert = || Transaction::from(Statement::new("INSERT INTO big (x) VALUES (x'01')"));
    let nothing = Statement::new("DELETE FROM big WHERE x = x'ff'");
    let unmet = nothing.clone().expecting(super::super::Expect::Some);
    let group = [
        job(insert().noting(act("big.grown"))),
        job(insert().then(unmet).noting(act("big.not"))),
        job(insert().noting_if_so(act("big.changed")).then(nothing).noting_if_so(act("big.none"))),
    ];
    let results = commit(&connection, &mut ledger, &group, 5);
    assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    let whats = |connection: &Connection| -> Vec<String> {
        let mut all = connection.prepare("SELECT body FROM audit_entry ORDER BY seq").unwrap();
        let bodies = all.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
        bodies.map(|body| crate::audit::Entry::decode(&body.unwrap()).unwrap().what).collect()
    };
    assert_eq!(whats(&connection), ["audit.began", "big.grown", "big.changed"]);

    // A commit that fails leaves nothing, and the next goes on from what is there.
    let refuse = "CREATE TEMP TRIGGER refuse BEFORE INSERT ON audit_entry BEGIN SELECT RAISE(ABORT, 'no'); END";
    connection.execute_batch(refuse).unwrap();
    let lost = commit(&connection, &mut ledger, &[job(insert().noting(act("big.lost")))], 6);
    assert!(lost[0].is_err());
    assert_eq!(count(&connection, "big"), 2);
    connection.execute_batch("DROP TRIGGER refuse").unwrap();
    commit(&connection, &mut ledger, &[job(insert().noting(act("big.again")))], 7);
    assert_eq!(whats(&connection)[3..], ["big.again", "audit.key-turned"]);
}
