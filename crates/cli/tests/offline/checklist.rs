//! The checklist at the command line, on a machine of which nothing is there to look at.

use super::{Desk, mode, refusal};
use std::fs;
use std::process::Output;

impl Desk {
    /// A run on an empty file system; whatever it finds is no failure.
    fn checked(&self, more: &str) -> Output {
        fs::create_dir_all(self.path("root")).expect("a folder");
        let output = self.run(&format!("checklist run --target host --root root {more}"));
        let code = output.status.code();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(code, Some(0 | 3..=5)), "{more}: {code:?}: {said}");
        output
    }
}

#[test]
fn a_report_that_a_node_signs_is_verified_with_its_key_until_somebody_touches_it() {
    let desk = Desk::new();
    desk.node();
    let said = String::from_utf8(desk.checked("--data data --out out").stdout).expect("text");
    assert!(said.contains("out/report.html") && said.contains("Signed by"), "{said}");
    assert_eq!(mode(&desk.path("out")), 0o700);
    assert_eq!(mode(&desk.path("out/report.html")), 0o600);
    let key = desk.done("checklist key --data data");
    fs::write(desk.path("node.pub"), key).expect("a file");
    let verified = desk.done("checklist verify out --key node.pub");
    assert!(verified.contains("by the key that was named"), "{verified}");
    assert!(desk.done("checklist verify out").contains("That key came with the report"));
    fs::write(desk.path("out/evidence/node.json"), "{}").expect("a file");
    let output = desk.run("checklist verify out --key node.pub");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("evidence/node.json was changed"));
}

#[test]
fn a_report_that_nobody_signed_says_so_and_does_not_pass() {
    let desk = Desk::new();
    let said = String::from_utf8(desk.checked("--out out").stdout).expect("text");
    assert!(said.contains("Nobody signed it"), "{said}");
    let output = desk.run("checklist verify out");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("nobody signed it"));
}

#[test]
fn what_is_not_part_of_a_run_is_not_said_to_hold() {
    let desk = Desk::new();
    let output = desk.checked("--json");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["target"], "host");
    for finding in report["findings"].as_array().expect("findings") {
        let room = finding["evidence"].as_str().expect("a path");
        if !["system", "application", "dependency"].iter().any(|name| room.contains(name)) {
            assert_eq!(finding["outcome"]["result"], "untried", "{finding}");
        }
    }
}

#[test]
fn runs_that_are_kept_are_compared_and_do_not_differ_on_the_same_thing() {
    let desk = Desk::new();
    desk.checked("--keep kept --out one");
    let said = String::from_utf8(desk.checked("--keep kept --out two").stdout).expect("text");
    assert!(said.contains("Since the last run:\nno difference"), "{said}");
    assert_eq!(fs::read_dir(desk.path("kept")).expect("a folder").count(), 2);
    assert_eq!(desk.done("checklist diff one two"), "no difference\n");
    let page = fs::read_to_string(desk.path("two/report.html")).expect("a page");
    assert!(page.contains("Nothing changed since the last run."));
}

#[test]
fn a_customer_pack_is_signed_and_holds_the_report_as_it_was() {
    let desk = Desk::new();
    desk.node();
    desk.checked("--data data --out out");
    fs::write(desk.path("sbom.json"), "{}").expect("a file");
    let said = desk.done("checklist pack --report out --out pack --sbom sbom.json --data data");
    assert!(said.contains("README.md"), "{said}");
    fs::write(desk.path("node.pub"), desk.done("checklist key --data data")).expect("a file");
    desk.done("checklist verify pack --key node.pub");
    desk.done("checklist verify pack/report --key node.pub");
    for file in ["README.md", "architecture.md", "promises.md", "sbom-1.json"] {
        assert!(desk.path("pack").join(file).is_file(), "{file}");
    }
    fs::write(desk.path("out/report.json"), "{}").expect("a file");
    let said = desk.refused("checklist pack --report out --out again --data data");
    assert!(said.contains("report.json was changed"), "{said}");
}

#[test]
fn what_is_scheduled_is_printed_for_systemd_and_for_cron() {
    let desk = Desk::new();
    let units = desk.done("checklist schedule --data data --keep kept --at 4:05");
    assert!(
        units.contains("OnCalendar=*-*-* 04:05:00") && units.contains("checklist run --data /")
    );
    let line = desk.done("checklist schedule --data data --keep kept --cron");
    assert!(line.starts_with("30 3 * * * /") && line.contains("/kept/last"), "{line}");
    assert!(desk.refused("checklist schedule --data data --keep kept --at noon").contains("--at"));
}

#[test]
fn what_is_typed_wrong_is_said_in_one_line_before_anything_is_looked_at() {
    let desk = Desk::new();
    assert!(desk.refused("checklist run --data nowhere").contains("is not a data folder"));
    assert!(desk.refused("checklist run --root nowhere").contains("no such folder"));
    assert!(desk.refused("checklist run --module nothing.bin").contains("no such file"));
    assert!(desk.refused("checklist run --profile nothing.toml").contains("nothing.toml"));
    assert!(desk.refused("checklist explain nothing").contains("checklist list"));
    assert!(desk.refused("checklist verify .").contains("it is no report"));
    assert!(desk.refused("checklist diff nowhere .").contains("nowhere"));
    fs::write(desk.path("pintle-product.toml"), "colour = 1").expect("a file");
    assert!(desk.refused("checklist run").contains("pintle-product.toml"));
    fs::create_dir(desk.path("letters")).expect("a folder");
    fs::write(desk.path("letters/one"), "mine").expect("a file");
    let output = desk.run("checklist run --out letters");
    assert!(refusal("--out letters", &output).contains("something else than a report"));
}
