//! A log against whoever edits it, with and without computing the links anew.

use super::*;
use crate::audit::entry::{CUT, TURNED};
use crate::audit::{Act, CUT_UP_TO, Logged, SigningKey, Who};
use std::sync::Arc;

/// A log, and the key in force at its end.
#[derive(Clone)]
struct Log {
    rows: Vec<Logged>,
    key: Arc<SigningKey>,
    first: PublicKey,
}

impl Log {
    fn new() -> Self {
        let key = SigningKey::generate().unwrap();
        let first = key.public();
        let mut log = Self { rows: Vec::new(), key: Arc::new(key), first };
        log.add(Entry::naming(BEGAN, first, 1, 0));
        log
    }

    fn next(&self) -> u64 {
        self.rows.last().map_or(1, |row| row.seq + 1)
    }

    fn add(&mut self, entry: Entry) {
        let before = self.rows.last().map_or(crate::audit::GENESIS, |row| row.link);
        let body = entry.encode();
        let link = before.next(&body);
        self.rows.push(Logged { seq: entry.seq, body: Some(body), link, signature: None });
    }

    fn act(&mut self, what: &'static str, on: &str) {
        let act = Act::new(what, Who::Operator, 1_000).on(on, self.next());
        self.add(Entry::of(&act, self.next(), None));
    }

    fn sign(&mut self) {
        let last = self.rows.last_mut().unwrap();
        last.signature = Some(self.key.sign(last.head()).signature);
    }

    fn turn(&mut self) {
        let next = SigningKey::generate().unwrap();
        self.add(Entry::naming(TURNED, next.public(), self.next(), 2_000));
        self.sign();
        self.key = Arc::new(next);
    }

    /// Twelve entries: commits of one, two and three acts, and a new key after the sixth.
    fn of_twelve() -> Self {
        let mut log = Self::new();
        for commit in [1, 2, 1, 1, 2, 3] {
            (0..commit).for_each(|_| log.act("pin.replaced", "device"));
            match log.rows.len() {
                5 => log.turn(),
                _ => log.sign(),
            }
        }
        log
    }

    /// As whoever has the store but no key does it: numbers and links are made to fit, signatures cannot be.
    fn patch_up(&mut self) {
        let mut before = crate::audit::GENESIS;
        for (row, seq) in self.rows.iter_mut().zip(1..) {
            let mut entry = row.entry().unwrap();
            entry.seq = seq;
            let body = entry.encode();
            before = before.next(&body);
            *row = Logged { seq, link: before, body: Some(body), signature: row.signature };
        }
    }

    fn edit(&mut self, at: usize) {
        let mut entry = self.rows[at].entry().unwrap();
        entry.what = "pin.pinned".to_owned();
        self.rows[at].body = Some(entry.encode());
    }

    /// Puts a copy of another entry in this place, and counts the rest on.
    fn insert(&mut self, at: usize) {
        let copy = self.rows[at].clone();
        self.rows.insert(at, copy);
        for (row, seq) in self.rows.iter_mut().zip(1..) {
            row.seq = seq;
        }
    }

    /// Removes an entry, and counts the rest down.
    fn close_up(&mut self, at: usize) {
        self.rows.remove(at);
        for (row, seq) in self.rows.iter_mut().zip(1..) {
            row.seq = seq;
        }
    }

    fn swap(&mut self, at: usize) {
        let (one, other) = (self.rows[at].seq, self.rows[at + 1].seq);
        self.rows.swap(at, at + 1);
        (self.rows[at].seq, self.rows[at + 1].seq) = (one, other);
    }

    fn trust(&self) -> Trust {
        Trust { keys: vec![self.first], ..Trust::default() }
    }

    fn head(&self) -> Head {
        self.rows.last().unwrap().head()
    }
}

fn verify(rows: &[Logged], mut trust: Trust) -> Report {
    trust.claimed_cut = rows.iter().map(Logged::claims_cut).max().unwrap_or(0);
    let mut verifier = Verifier::new(trust);
    let _ = rows.iter().all(|row| verifier.take(row));
    verifier.finish()
}

fn found(log: &Log) -> Finding {
    let report = verify(&log.rows, log.trust());
    *report.findings.first().expect("something is found")
}

#[test]
fn p10_a_log_as_it_was_written_is_sound_with_every_head_it_ever_had() {
    let log = Log::of_twelve();
    assert_eq!(log.rows.len(), 12);
    let heads = log.rows.iter().map(Logged::head).collect();
    let last_keys = vec![log.key.public()];
    let report = verify(&log.rows, Trust { heads, last_keys, ..log.trust() });
    assert_eq!(
        (report.findings.as_slice(), report.entries, report.head),
        (&[][..], 12, log.head())
    );
    assert_eq!(report.first_key, Some(log.first));
    let empty = verify(&[], Trust::default());
    assert!(empty.is_sound());
}

#[test]
fn p10_each_entry_that_is_edited_removed_inserted_or_reordered_is_named() {
    let whole = Log::of_twelve();
    for at in 0..12 {
        let place = u64::try_from(at).unwrap() + 1;
        let tampered = |how: fn(&mut Log, usize)| {
            let mut log = whole.clone();
            how(&mut log, at);
            found(&log)
        };
        let edited = tampered(Log::edit);
        assert!(matches!(edited, Finding::Altered { seq, .. } if seq == place), "{edited}");
        if at < 11 {
            let removed = tampered(|log, at| drop(log.rows.remove(at)));
            assert_eq!(removed, Finding::Missing { first: place, last: place });
            let closed_up = tampered(Log::close_up);
            assert_eq!(closed_up, Finding::Displaced { place, found: place + 1 });
            let swapped = tampered(Log::swap);
            assert_eq!(swapped, Finding::Displaced { place, found: place + 1 });
        }
        let inserted = tampered(Log::insert);
        assert_eq!(inserted, Finding::Displaced { place: place + 1, found: place });
    }
}

#[test]
fn p10_who_computes_all_links_anew_without_the_key_is_found_at_the_commit() {
    // Which commit an entry is in, by its last entry.
    let whole = Log::of_twelve();
    let commits = [2, 2, 4, 4, 6, 6, 7, 9, 9, 12, 12, 12];
    for (at, last) in commits.into_iter().enumerate() {
        let tampered = |how: fn(&mut Log, usize)| {
            let mut log = whole.clone();
            how(&mut log, at);
            log.patch_up();
            found(&log)
        };
        let first = match last {
            2 => 1,
            4 => 3,
            6 => 5,
            7 => 7,
            9 => 8,
            _ => 10,
        };
        // The entry that names a key and loses it leaves what it would have checked without one.
        let place = |finding| match finding {
            Finding::NotAsSigned { first, .. } | Finding::Unsigned { first } => first,
            Finding::NoKey { seq } => seq,
            Finding::OtherFirstKey { .. } | Finding::NewLine { .. } => 1,
            other => panic!("{other}"),
        };
        let edited = place(tampered(|log, at| {
            let mut entry = log.rows[at].entry().unwrap();
            entry.at_ms += 1;
            log.rows[at].body = Some(entry.encode());
        }));
        assert_eq!(edited, first, "edited {at}, signed at {last}");
        if at < 11 {
            let removed = place(tampered(|log, at| drop(log.rows.remove(at))));
            assert!((first..=first + 3).contains(&removed), "removed {at}: {removed}");
            let swapped = place(tampered(|log, at| log.rows.swap(at, at + 1)));
            assert!((first..=first + 3).contains(&swapped), "swapped {at}: {swapped}");
        }
        let inserted = place(tampered(|log, at| {
            let copy = log.rows[at].clone();
            log.rows.insert(at, Logged { signature: None, ..copy });
        }));
        assert!((first..=first + 3).contains(&inserted), "inserted {at}: {inserted}");
    }
}

#[test]
fn p10_a_log_that_is_cut_short_is_found_by_a_head_kept_elsewhere_or_by_the_key_in_force() {
    let whole = Log::of_twelve();
    for keep in 0..12 {
        let rows = &whole.rows[..keep];
        let trust = Trust { heads: vec![whole.head()], ..whole.trust() };
        let report = verify(rows, trust);
        assert!(!report.is_sound());
        let last = u64::try_from(keep).unwrap();
        let known = Finding::Truncated { last, known: Some(12) };
        // In the middle of a commit, what is left is not signed to its end.
        let middle = matches!(report.findings[0], Finding::Unsigned { first } if first <= last);
        assert!(middle || report.findings[0] == known, "{keep}: {}", report.findings[0]);
        if keep < 6 {
            let trust = Trust { last_keys: vec![whole.key.public()], ..whole.trust() };
            assert!(!verify(rows, trust).is_sound(), "{keep}");
        }
    }
}

#[test]
fn p10_who_has_the_key_of_today_cannot_rewrite_what_was_signed_before_it() {
    let mut log = Log::of_twelve();
    // Everything of the node is in the attacker's hands, the key in force too: links and signatures are made anew.
    log.edit(3);
    log.patch_up();
    for row in &mut log.rows {
        if row.signature.is_some() {
            row.signature = Some(log.key.sign(row.head()).signature);
        }
    }
    assert_eq!(found(&log), Finding::NotAsSigned { first: 1, last: 2 });
    // With the old signatures left alone where they still hold, it is the commit of the entry.
    let old = Log::of_twelve();
    let mut log = old.clone();
    log.edit(3);
    log.patch_up();
    for row in log.rows.iter_mut().skip(3).filter(|row| row.signature.is_some()) {
        row.signature = Some(log.key.sign(row.head()).signature);
    }
    assert_eq!(found(&log), Finding::NotAsSigned { first: 3, last: 4 });
    // Nor make a log of its own pass for this one.
    let other = Log::of_twelve();
    let report = verify(&other.rows, log.trust());
    assert_eq!(report.findings, [Finding::OtherFirstKey { found: other.first }]);
}

#[test]
fn p10_a_lost_key_is_told_of_and_accepted_only_by_its_name() {
    let mut log = Log::of_twelve();
    let head = log.head();
    let fresh = SigningKey::generate().unwrap();
    log.add(Entry::naming(BEGAN, fresh.public(), log.next(), 3_000));
    log.key = Arc::new(fresh);
    log.act("node.restored", "backup");
    log.sign();
    let report = verify(&log.rows, Trust { heads: vec![head], ..log.trust() });
    assert_eq!(report.findings, [Finding::NewLine { seq: 13, key: log.key.public() }]);
    let keys = vec![log.first, log.key.public()];
    assert!(verify(&log.rows, Trust { keys, ..Trust::default() }).is_sound());
}

#[test]
fn p10_what_age_removed_leaves_a_sound_log_and_nothing_else_may_be_missing() {
    let mut log = Log::of_twelve();
    let act = Act::new(CUT, Who::Node, 9_000).on(CUT_UP_TO, 9);
    log.add(Entry::of(&act, log.next(), None));
    log.sign();
    let kept = |row: &Logged| match row.seq {
        1 | 6 | 10.. => Some(row.clone()),
        5 | 9 => Some(Logged { body: None, signature: None, ..row.clone() }),
        _ => None,
    };
    let rows: Vec<_> = log.rows.iter().filter_map(kept).collect();
    let report = verify(&rows, log.trust());
    assert_eq!((report.findings.as_slice(), report.cut, report.head.seq), (&[][..], 9, 13));

    // Without the entry that tells of it, or with more gone than it tells of, entries are missing.
    let untold = verify(&rows[..rows.len() - 1], log.trust());
    assert_eq!(untold.findings, [Finding::Missing { first: 2, last: 4 }]);
    let more: Vec<_> = rows.iter().filter(|row| row.seq != 10).cloned().collect();
    assert!(!verify(&more, log.trust()).is_sound());
    // One who has no key cannot tell of a cut.
    let mut forged = Log::of_twelve();
    forged.add(Entry::of(&act, forged.next(), None));
    let rows: Vec<_> = forged.rows.iter().filter_map(kept).collect();
    assert_eq!(verify(&rows, forged.trust()).findings, [Finding::Unsigned { first: 13 }]);
    // Nor exchange the link that was kept of what is gone.
    let mut rows: Vec<_> = log.rows.iter().filter_map(kept).collect();
    rows.iter_mut().find(|row| row.seq == 9).unwrap().link = Link([7; 32]);
    assert!(!verify(&rows, log.trust()).is_sound());
}
