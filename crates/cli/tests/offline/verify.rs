//! Reviews, and what `firmware verify` makes of them.

use super::Desk;
use super::signing::module;
use serde_json::Value;
use std::fs;

const SIGN: &str =
    "release sign app.bin --key ci.key --counter 1 --number 1 --expires 30 --out app.bin.release";

fn codes(said: &Value) -> Vec<&str> {
    let reasons = said["reasons"].as_array().expect("reasons");
    reasons.iter().filter_map(|reason| reason["code"].as_str()).collect()
}

#[test]
fn p8_a_module_holds_only_once_all_the_reviewers_have_signed_its_bytes() {
    let desk = Desk::team();
    desk.done(SIGN);
    let verify = "firmware verify app.bin --keyring ring --json";
    let missing = || {
        let output = desk.run(verify);
        let said: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        (output.status.code(), said["reasons"][0]["reason"].as_str().map(str::to_owned))
    };
    let of = |found| Some(format!("{found} of 2 review signatures: have it signed by more"));
    assert_eq!(missing(), (Some(1), of(0)));
    desk.done("release review app.bin.release --module app.bin --key ann.key");
    assert_eq!(missing(), (Some(1), of(1)));
    let again = desk.refused("release review app.bin.release --module app.bin --key ann.key");
    assert!(again.contains("already"), "{again}");
    desk.done("release review app.bin.release --module app.bin --key root1.key");
    assert_eq!(missing(), (Some(1), of(1)), "a root key reviews nothing");
    let shown = desk.done("release show app.bin.release --keyring ring");
    assert!(shown.contains("(review)") && shown.contains("(root)"), "{shown}");
    desk.done("release review app.bin.release --module app.bin --key bob.key");
    assert_eq!(missing(), (Some(0), None));
    let said = desk.done("firmware verify app.bin --key ci.pub --key ann.pub --key bob.pub");
    assert_eq!(said, "holds: product 42 version 7 for gcc (3), counter 1, release 1\n");
}

#[test]
fn p8_a_reviewer_signs_no_other_module_than_the_one_that_was_read() {
    let desk = Desk::team();
    desk.done(SIGN);
    let before = fs::read(desk.path("app.bin.release")).expect("a file");
    fs::write(desk.path("other.bin"), module(7, b"#!/bin/false\n")).expect("a file");
    let refused = desk.refused("release review app.bin.release --module other.bin --key ann.key");
    assert!(refused.contains("not the one that was signed"), "{refused}");
    assert_eq!(fs::read(desk.path("app.bin.release")).expect("a file"), before);
}

#[test]
fn every_reason_is_told_at_once() {
    let desk = Desk::team();
    desk.done(SIGN);
    let mut bad = module(8, b"#!/bin/sh\n");
    bad[26] ^= 1;
    fs::write(desk.path("bad.bin"), bad).expect("a file");
    let line = "firmware verify bad.bin --release app.bin.release --keyring ring --key bob.pub";
    let output = desk.run(&format!("{line} --json"));
    assert_eq!(output.status.code(), Some(1));
    let said: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(said["holds"], false);
    assert_eq!(codes(&said), ["crc", "sha256", "image", "module", "signatures", "not-signed"]);
    let printed = String::from_utf8(desk.run(line).stdout).expect("text");
    assert_eq!(printed.lines().count(), 6, "{printed}");
}

#[test]
fn what_cannot_be_read_ends_with_2_and_one_line() {
    let desk = Desk::team();
    desk.refused("firmware verify app.bin --keyring ring");
    desk.done(SIGN);
    let bytes = fs::read(desk.path("app.bin.release")).expect("a file");
    fs::write(desk.path("cut"), &bytes[..bytes.len() - 1]).expect("a file");
    fs::write(desk.path("long"), [&bytes[..], &[0; 1024]].concat()).expect("a file");
    for file in ["cut", "long", "ring", "app.bin", "missing", "."] {
        desk.refused(&format!("firmware verify app.bin --keyring ring --release {file}"));
    }
    for keyring in ["app.bin.release", "ci.pub", "missing"] {
        desk.refused(&format!("firmware verify app.bin --keyring {keyring}"));
    }
    desk.refused("firmware verify ring --keyring ring");
    desk.refused("firmware verify app.bin --key ci.key");
}
