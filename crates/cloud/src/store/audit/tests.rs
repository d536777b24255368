//! The log in a store: what is in it after a kill at any instant, and after somebody wrote the database.

use super::*;
use crate::audit::{Finding, KeyFile, Report, Trust, Who, check, export};
use crate::node_key::{Label, NodeKey};
use crate::store::{FILE_NAME, Transaction, schema};
use rusqlite::Connection;
use std::fs;
use std::path::Path;
use zeroize::Zeroizing;

const T: i64 = 1_800_000_000_000;

fn node_key() -> NodeKey {
    NodeKey::from_bytes(Zeroizing::new([9; 32]))
}

fn open(folder: &Path) -> Store {
    Store::open(folder, &node_key()).unwrap()
}

fn act(what: &'static str, n: i64) -> Act {
    Act::new(what, Who::Operator, T + n).on("device", n)
}

/// A commit with these acts.
fn write(store: &Store, acts: impl IntoIterator<Item = Act>) {
    let all = acts.into_iter().fold(Transaction::new(), Transaction::noting);
    store.write(all, |_| Ok(())).wait().unwrap();
}

fn verify(folder: &Path) -> Report {
    check::store(folder, Trust::default()).unwrap()
}

fn sound(folder: &Path) -> Report {
    let report = verify(folder);
    assert!(report.is_sound(), "{}", report.findings[0]);
    report
}

fn bring(from: &Path, to: &Path) {
    for file in fs::read_dir(from).unwrap().map(Result::unwrap) {
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

#[test]
fn p10_what_was_written_is_there_after_a_restart_and_after_a_copy_was_taken_of_a_running_store() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for n in 0..5 {
        write(&store, [act("pin.replaced", n), act("pin.removed", n)]);
    }
    let head = store.audit_head().unwrap();
    // As after a kill: nothing was closed, nothing is written any more.
    let killed = tempfile::tempdir().unwrap();
    bring(dir.path(), killed.path());
    drop(store);
    for folder in [dir.path(), killed.path()] {
        let first = sound(folder);
        write(&open(folder), [act("pin.set", 9)]);
        let report = sound(folder);
        assert_eq!(first.first_key, report.first_key);
        assert!(report.entries > first.entries);
        let heads = vec![head.head, first.head];
        let keys = first.first_key.into_iter().collect();
        let trust = Trust { heads, keys, ..Trust::default() };
        assert!(check::store(folder, trust).unwrap().is_sound());
    }
}

#[test]
fn p10_a_node_that_stopped_leaves_no_key_that_signed_anything() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    write(&store, [act("pin.replaced", 1)]);
    let signed = store.audit_head().unwrap();
    drop(store);
    let kept = crate::audit::named_in(dir.path()).unwrap();
    assert_eq!(kept.len(), 1);
    assert_ne!(kept[0], signed.key);
    // Nothing happened since, so there is nothing to sign.
    let before = sound(dir.path()).entries;
    drop(open(dir.path()));
    assert_eq!(sound(dir.path()).entries, before);
}

/// A ledger on a database of its own.
fn ledger(folder: &Path) -> (Connection, Ledger) {
    let connection = Connection::open(folder.join(FILE_NAME)).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    schema::migrate(&connection).unwrap();
    let (key, reasons) = (KeyFile::of(folder, &node_key()), node_key().sealer(Label::AUDIT_REASON));
    let mut ledger = Ledger::new(key.unwrap(), reasons.unwrap(), crate::audit::Board::default());
    ledger.open(&connection).unwrap();
    (connection, ledger)
}

#[test]
fn p10_killed_at_any_step_of_a_change_of_keys_the_log_goes_on_under_the_key_it_names() {
    // After how many steps of the second commit, which changes the key, everything ends.
    for steps in 0..4 {
        let dir = tempfile::tempdir().unwrap();
        let (connection, mut ledger) = ledger(dir.path());
        let commit = |ledger: &mut Ledger, n: i64, steps: u32| {
            connection.execute_batch("BEGIN IMMEDIATE").unwrap();
            let page = ledger.append(&connection, &[&act("pin.replaced", n)], T + n).unwrap();
            if steps >= 2 {
                connection.execute_batch("COMMIT").unwrap();
            }
            if steps >= 3 {
                ledger.keep(page.unwrap());
            }
        };
        commit(&mut ledger, 0, 3);
        if steps >= 1 {
            commit(&mut ledger, ledger::KEY_LIFE_MS, steps);
        }
        let killed = tempfile::tempdir().unwrap();
        bring(dir.path(), killed.path());
        let before = sound(killed.path());
        assert_eq!(before.entries, if steps >= 2 { 4 } else { 2 });
        drop(open(killed.path()));
        let report = sound(killed.path());
        assert_eq!(report.first_key, before.first_key);
        // The first start afterwards seals what the key that may be in somebody's hands has signed.
        assert!(report.entries >= before.entries);
        assert_eq!(crate::audit::named_in(killed.path()).unwrap().len(), 1);
    }
}

#[test]
fn p10_reasons_lie_sealed_beside_the_chain_and_can_be_erased() {
    let dir = tempfile::tempdir().unwrap();
    let reason = "Ada Lovelace lost the device in Turin";
    write(&open(dir.path()), [act("pin.replaced", 1).because(Some(reason.to_owned()))]);
    for file in fs::read_dir(dir.path()).unwrap().map(Result::unwrap) {
        let bytes = fs::read(file.path()).unwrap();
        assert!(!bytes.windows(8).any(|window| window == b"Lovelace"), "{:?}", file.path());
    }
    let read = |key: &NodeKey| {
        let log = OfflineLog::open(dir.path()).unwrap().with_node_key(key).unwrap();
        let row = log.rows(0).map(Result::unwrap).find(|row| row.entry().unwrap().reason.is_some());
        log.reason(&row.unwrap()).map_err(|error| error.to_string())
    };
    assert_eq!(read(&node_key()), Ok(Some(reason.to_owned())));
    assert!(read(&NodeKey::generate().unwrap()).unwrap_err().contains("entry 2"));
    Connection::open(dir.path().join(FILE_NAME))
        .unwrap()
        .execute("DELETE FROM audit_reason", [])
        .unwrap();
    assert_eq!(read(&node_key()), Ok(None));
    sound(dir.path());
}

#[test]
fn p10_whoever_writes_the_database_is_found_and_the_place_is_named() {
    let whole = tempfile::tempdir().unwrap();
    let store = open(whole.path());
    (0..6).for_each(|n| write(&store, [act("pin.replaced", n)]));
    drop(store);
    let heads = vec![sound(whole.path()).head];
    let tampered = |sql: &str| {
        let dir = tempfile::tempdir().unwrap();
        bring(whole.path(), dir.path());
        Connection::open(dir.path().join(FILE_NAME)).unwrap().execute_batch(sql).unwrap();
        let trust = Trust { heads: heads.clone(), ..Trust::default() };
        check::store(dir.path(), trust).unwrap().findings[0]
    };
    let edited = tampered(
        "UPDATE audit_entry SET body = CAST(replace(CAST(body AS TEXT), 'device 2', 'device 7') AS BLOB) WHERE seq = 4",
    );
    assert!(
        matches!(edited, Finding::Altered { seq: 4, .. } | Finding::Unreadable { seq: 4, .. }),
        "{edited}"
    );
    let turned = tampered("UPDATE audit_entry SET signature = zeroblob(64) WHERE seq = 8");
    assert_eq!(turned, Finding::NotAsSigned { first: 8, last: 8 });
    let removed = tampered("DELETE FROM audit_entry WHERE seq = 5");
    assert_eq!(removed, Finding::Missing { first: 5, last: 5 });
    let inserted = tampered(
        "UPDATE audit_entry SET seq = -seq - 1 WHERE seq >= 4; UPDATE audit_entry SET seq = -seq WHERE seq < 0; \
         INSERT INTO audit_entry SELECT 4, body, link, signature, names_key FROM audit_entry WHERE seq = 3",
    );
    assert_eq!(inserted, Finding::Displaced { place: 4, found: 3 });
    let reordered = tampered(
        "UPDATE audit_entry SET seq = -4 WHERE seq = 5; UPDATE audit_entry SET seq = 5 WHERE seq = 4; \
         UPDATE audit_entry SET seq = 4 WHERE seq = -4",
    );
    assert_eq!(reordered, Finding::Displaced { place: 4, found: 5 });
    let truncated = tampered("DELETE FROM audit_entry WHERE seq > 6");
    assert_eq!(truncated, Finding::Truncated { last: 6, known: Some(8) });
    let emptied = tampered("DELETE FROM audit_entry");
    assert_eq!(emptied, Finding::Truncated { last: 0, known: Some(8) });
    // Also where no head is known: the key file names a key that the log does not.
    fs::remove_file(whole.path().join("nothing")).unwrap_err();
    let dir = tempfile::tempdir().unwrap();
    bring(whole.path(), dir.path());
    let sql = "DELETE FROM audit_entry WHERE seq > 6";
    Connection::open(dir.path().join(FILE_NAME)).unwrap().execute_batch(sql).unwrap();
    assert_eq!(verify(dir.path()).findings, [Finding::Truncated { last: 6, known: None }]);
}

#[test]
fn p10_without_its_key_file_the_log_goes_on_and_says_that_the_line_broke() {
    let dir = tempfile::tempdir().unwrap();
    write(&open(dir.path()), [act("pin.replaced", 1)]);
    let before = sound(dir.path());
    fs::remove_file(dir.path().join(crate::audit::KEY_FILE_NAME)).unwrap();
    let store = open(dir.path());
    write(&store, [act("pin.replaced", 2)]);
    let key = store.audit_head().unwrap().key;
    drop(store);
    let broken = Finding::NewLine { seq: before.head.seq + 1, key };
    assert_eq!(verify(dir.path()).findings, [broken]);
    let keys = before.first_key.into_iter().chain([key]).collect();
    let trust = Trust { keys, heads: vec![before.head], ..Trust::default() };
    assert!(check::store(dir.path(), trust).unwrap().is_sound());
}

#[tokio::test]
async fn p10_what_is_past_its_age_is_gone_and_the_log_still_verifies() {
    let dir = tempfile::tempdir().unwrap();
    let old = "an old reason";
    for start in 0..3 {
        let store = open(dir.path());
        for n in 0..3 {
            let act = act("pin.replaced", start * 100 + n).because(Some(old.to_owned()));
            store.write(Transaction::new().noting(act), |_| Ok(())).await.unwrap();
        }
    }
    let (all, before) = (sound(dir.path()), T + 101);
    let store = open(dir.path());
    let cut = store.cut_audit(before, T + 1_000).await.unwrap();
    // Keys are named by the machine's clock, which is before the acts' here.
    assert!(cut.is_some());
    assert_eq!(store.cut_audit(before, T + 1_000).await.unwrap(), None);
    drop(store);
    let report = sound(dir.path());
    assert_eq!((report.cut, report.first_key), (cut.unwrap(), all.first_key));
    assert!(report.entries < all.entries);
    let connection = Connection::open(dir.path().join(FILE_NAME)).unwrap();
    let sql = "SELECT (SELECT COUNT(*) FROM audit_reason), (SELECT COUNT(*) FROM audit_entry WHERE seq <= ?1 AND names_key = 0 AND body IS NOT NULL)";
    let left: (i64, i64) = connection
        .query_row(sql, [i64::try_from(report.cut).unwrap()], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert_eq!(left, (5, 0));
    let heads = vec![all.head];
    assert!(check::store(dir.path(), Trust { heads, ..Trust::default() }).unwrap().is_sound());
}

#[test]
fn p10_an_export_verifies_by_itself_and_a_changed_word_in_it_is_found() {
    let dir = tempfile::tempdir().unwrap();
    write(&open(dir.path()), (0..4).map(|n| act("pin.replaced", n)));
    let log = OfflineLog::open(dir.path()).unwrap();
    let lines: Vec<String> =
        log.rows(0).map(|row| export::text(&row.unwrap()).unwrap() + "\n").collect();
    let file = dir.path().join("export");
    let check = |lines: &[String]| {
        fs::write(&file, lines.concat()).unwrap();
        check::export(&file, Trust::default()).unwrap()
    };
    assert_eq!(check(&lines), sound(dir.path()));
    let mut changed = lines.clone();
    changed[2] = changed[2].replace("device 1", "device 8");
    assert!(matches!(check(&changed).findings[0], Finding::Altered { seq: 3, .. }));
    changed[2] = "{}\n".to_owned();
    assert_eq!(check(&changed).findings, [Finding::NotALine { line: 3 }]);
    let mut swapped = lines.clone();
    swapped.swap(1, 2);
    assert_eq!(check(&swapped).findings, [Finding::Missing { first: 2, last: 2 }]);
    assert_eq!(check(&lines[..lines.len() - 2]).findings, [Finding::Unsigned { first: 1 }]);
}

#[test]
fn p10_a_flood_of_refusals_is_a_few_entries_that_say_how_many_there_were() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for n in 0..3_000 {
        store.note(Act::new("login.refused", Who::Stranger, T + n).refused("wrong password"));
        if n % 500 == 0 {
            store.flush().wait().unwrap();
        }
    }
    drop(store);
    sound(dir.path());
    let log = OfflineLog::open(dir.path()).unwrap();
    let entries: Vec<_> = log.rows(0).map(|row| row.unwrap().entry().unwrap()).collect();
    let times: u32 = entries
        .iter()
        .filter(|entry| entry.what.ends_with("refused") || entry.what == "audit.overrun")
        .map(|entry| entry.times)
        .sum();
    assert_eq!(times, 3_000);
    assert!(entries.len() < 8, "{}", entries.len());
}
