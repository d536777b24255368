//! SARIF for code hosts, and JUnit for continuous integration.

use crate::sample;
use pintle_checklist::report::{junit, sarif};
use serde_json::Value;

#[test]
fn sarif_has_a_result_for_each_fault_and_suppresses_what_was_accepted() {
    let report = sample::run().report;
    let log = sarif::log(&report);
    let run = &log["runs"][0];
    let results = run["results"].as_array().expect("results");
    let suppressed = results.iter().filter(|result| result.get("suppressions").is_some()).count();
    assert_eq!((results.len(), suppressed), (16, 2), "14 open, 2 accepted");
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    for result in results {
        let id = result["ruleId"].as_str().expect("an id");
        assert!(rules.iter().any(|rule| rule["id"] == id), "{id}");
        let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        assert_eq!(uri, "evidence/system.json");
    }
    let notes = run["invocations"][0]["toolExecutionNotifications"].as_array().expect("notes");
    assert_eq!(notes.len(), report.total.untried);
}

#[test]
fn the_same_fault_has_the_same_fingerprint_whatever_is_told_of_it() {
    let of = |detail: &str| {
        let outcome = sample::broken(&[("tcp 22", detail)]);
        let one = sample::entry(
            "a",
            pintle_checklist::Item::Cloud,
            pintle_checklist::Severity::Low,
            outcome,
        );
        let log = sarif::log(&sample::report(vec![one], &[]));
        log["runs"][0]["results"][0]["partialFingerprints"].clone()
    };
    assert_eq!(of("listens"), of("listens on 2 addresses"));
    assert_ne!(of("listens"), Value::Null);
}

#[test]
fn junit_counts_what_failed_and_what_was_not_tried_and_opens_no_tag_that_it_does_not_close() {
    let report = sample::run().report;
    let document = junit::document(&report);
    let count = |what: &str| document.matches(what).count();
    assert_eq!(count("<failure "), report.total.broken());
    assert_eq!(count("<skipped "), report.total.untried);
    assert_eq!(count("<testcase "), report.total.all());
    for tag in ["testsuites", "testsuite", "testcase", "failure", "system-out"] {
        let opened = count(&format!("<{tag} ")) + count(&format!("<{tag}>"));
        assert_eq!(opened, count(&format!("</{tag}>")), "{tag}");
    }
    assert!(!document.contains("<script>"), "text is text");
}
