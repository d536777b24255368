//! `pintle audit`: whoever changes what was written down is found, and the exit code says so.

use super::{Desk, refusal};
use serde_json::Value;
use std::fs;

/// A data folder, and what `init` said of it.
fn node(desk: &Desk) -> Value {
    let words =
        ["init", "--data", "node", "--user", "ada@example.com", "--password-stdin", "--json"];
    let made = desk.run_with(&words, "a long enough password for ada\n");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    serde_json::from_slice(&made.stdout).expect("JSON")
}

#[test]
fn p10_a_log_is_verified_from_the_key_that_init_printed_and_an_edit_is_found() {
    let desk = Desk::new();
    let key = node(&desk)["audit_key"].as_str().expect("a key").to_owned();
    let kept = fs::read_to_string(desk.path("node/audit_public.txt")).expect("the key");
    assert_eq!(kept.trim(), key);
    let report = desk.json(&format!("audit verify --data node --key {key} --json"));
    assert_eq!(report["sound"], true);
    assert_eq!(report["first_key"], key.as_str());
    let head = report["head"].as_str().expect("a head").to_owned();
    let shown = desk.done("audit show --data node --what node");
    assert!(shown.contains("node.made by operator"), "{shown}");
    let export = desk.done("audit export --data node");
    assert!(!export.contains("example.com"), "{export}");
    assert!(export.contains("audit.exported"), "{export}");

    fs::write(desk.path("log"), &export).expect("a file");
    desk.done(&format!("audit verify --export log --key {key} --head {head}"));
    fs::write(desk.path("log"), export.replace("node.made", "node.mode")).expect("a file");
    let found = desk.run("audit verify --export log");
    assert_eq!(found.status.code(), Some(1));
    let said = String::from_utf8_lossy(&found.stderr).into_owned();
    assert!(said.contains("entry 2 was altered"), "{said}");

    let other = "0".repeat(64);
    let found = desk.run(&format!("audit verify --data node --key {other}"));
    assert_eq!(found.status.code(), Some(1));
}

#[test]
fn what_cannot_be_verified_is_one_line_and_exit_code_2() {
    let desk = Desk::new();
    desk.refused("audit verify --data nowhere");
    desk.refused("audit show --data nowhere");
    desk.refused("audit verify --export nowhere");
    fs::write(desk.path("heads"), "no head\n").expect("a file");
    let said = desk.refused("audit verify --data nowhere --heads heads");
    assert!(said.contains("line 1"), "{said}");
    let bad = desk.run("audit verify --data nowhere --head 12");
    assert_eq!(bad.status.code(), Some(2));
    let words = ["audit", "verify", "--data", "heads"];
    refusal("a file that is no database", &desk.run_with(&words, ""));
}
