//! Two reports beside each other, and many.

use crate::sample::{broken, entry, holds, report, run};
use pintle_checklist::diff::Difference;
use pintle_checklist::finding::Outcome;
use pintle_checklist::report::Entry;
use pintle_checklist::trend::{Trend, keep};
use pintle_checklist::{Aim, Item, Report, Severity, Sources};
use std::path::PathBuf;
use tempfile::TempDir;

fn one(outcome: Outcome) -> Report {
    report(vec![high(outcome)], &[])
}

fn high(outcome: Outcome) -> Entry {
    entry("system-ports-declared", Item::OperatingSystem, Severity::High, outcome)
}

fn untried() -> Outcome {
    Outcome::Untried { why: "run this as root".into() }
}

#[test]
fn two_runs_on_the_same_thing_differ_only_in_times() {
    let sources = |now_ms| Sources::new(Aim::Product, now_ms, PathBuf::from("/nowhere"));
    let run = |now_ms| pintle_checklist::run(sources(now_ms), &mut |_| {}).expect("a run");
    let (mut first, second) = (run(1_000_000), run(9_000_000));
    assert_ne!(first.report, second.report);
    assert!(Difference::between(&first.report, &second.report).is_empty());
    first.report.times = second.report.times.clone();
    assert_eq!(first.report, second.report);
}

#[test]
fn what_breaks_is_told_with_its_subjects_and_how_bad() {
    let before = one(broken(&[("tcp 22", "listens")]));
    let after = one(broken(&[("tcp 22", "listens still"), ("tcp 23", "listens")]));
    let difference = Difference::between(&before, &after);
    assert_eq!(difference.broke[0].about, ["tcp 23"]);
    assert_eq!(difference.worst(), Some(Severity::High));
    assert!(difference.mended.is_empty());
    assert_eq!(Difference::between(&after, &before).mended[0].about, ["tcp 23"]);
}

#[test]
fn what_is_not_looked_at_any_more_is_not_mended() {
    let difference = Difference::between(&one(broken(&[("tcp 22", "listens")])), &one(untried()));
    assert!(difference.mended.is_empty());
    assert_eq!(difference.unseen[0].about, ["run this as root"]);
    assert_eq!(Difference::between(&one(untried()), &one(holds())).seen.len(), 1);
}

#[test]
fn a_check_that_is_new_and_broken_broke_and_one_that_is_gone_is_not_tried_any_more() {
    let (none, some) = (report(Vec::new(), &[]), one(broken(&[("tcp 22", "listens")])));
    assert_eq!(Difference::between(&none, &some).broke.len(), 1);
    assert_eq!(Difference::between(&some, &none).unseen.len(), 1);
}

#[test]
fn a_trend_has_the_runs_on_the_same_thing_in_their_order() {
    let folder = TempDir::new().expect("a folder");
    let at = |began: &str, outcome| {
        let mut report = one(outcome);
        report.times.began = began.into();
        report
    };
    let (first, second) =
        (at("2026-11-22T03:30:00Z", holds()), at("2026-11-23T03:30:00Z", holds()));
    keep(folder.path(), &second).expect("it can be kept");
    keep(folder.path(), &first).expect("it can be kept");
    keep(folder.path(), &Report { product: "another".into(), ..first }).expect("it can be kept");
    std::fs::write(folder.path().join("letter.json"), "{}").expect("a file");
    let today = at("2026-11-24T03:30:00Z", broken(&[("tcp 22", "listens")]));
    let trend = Trend::with(folder.path(), &today).expect("it can be read");
    let days: Vec<&str> = trend.points.iter().map(|point| &point.began[8..10]).collect();
    assert_eq!(days, ["22", "23", "24"]);
    assert_eq!(trend.change.expect("a run before").broke.len(), 1);
}

#[test]
fn a_report_is_read_as_it_was_written_and_nothing_else_is() {
    let written = run().report;
    let mut read =
        Report::from_json(written.to_json().expect("JSON").as_bytes()).expect("a report");
    for (read, written) in read.evidence.iter_mut().zip(&written.evidence) {
        read.content.clone_from(&written.content);
    }
    assert_eq!(read, written);
    let other = written.to_json().expect("JSON").replacen("report/1", "report/2", 1);
    let error = Report::from_json(other.as_bytes()).expect_err("another form").to_string();
    assert!(error.contains("pintle-checklist-report/2"), "{error}");
}
