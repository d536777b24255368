//! A folder that anybody touched is not what was signed.

use crate::sample;
use pintle_checklist::bundle;
use pintle_checklist::sign::{PublicKey, SigningKey};
use pintle_checklist::verify::{Signer, verify};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

fn key(byte: u8) -> SigningKey {
    SigningKey::from_seed(&[byte; 32]).expect("a key")
}

fn public(byte: u8) -> PublicKey {
    key(byte).public().expect("its public half")
}

fn written(key: Option<&SigningKey>) -> TempDir {
    let folder = TempDir::new().expect("a folder");
    write(folder.path(), key);
    folder
}

fn write(folder: &Path, key: Option<&SigningKey>) {
    let run = sample::run();
    let bundle = run.bundle(sample::beside(&run)).expect("a report");
    bundle.write(folder, key).expect("it can be written");
}

fn why(folder: &TempDir) -> String {
    verify(folder.path(), Some(&public(1))).expect_err("it was changed").to_string()
}

#[test]
fn a_report_that_nobody_touched_is_what_was_signed() {
    let folder = written(Some(&key(1)));
    let trusted = verify(folder.path(), Some(&public(1))).expect("nobody touched it");
    assert_eq!(trusted.signer, Signer::Trusted(public(1)));
    assert_eq!(trusted.files, 14, "four forms and ten rooms");
    let enclosed = verify(folder.path(), None).expect("nobody touched it");
    assert_eq!(enclosed.signer, Signer::Enclosed(public(1)));
}

#[test]
fn every_file_that_is_changed_or_missing_is_named() {
    let folder = written(Some(&key(1)));
    let path = folder.path().join("evidence/system.json");
    let mut content = fs::read(&path).expect("it is there");
    content[0] ^= 1;
    fs::write(&path, content).expect("it can be changed");
    fs::remove_file(folder.path().join("report.html")).expect("it can be removed");
    assert_eq!(why(&folder), "evidence/system.json was changed; report.html is missing");
}

#[test]
fn a_file_that_was_added_is_named_and_so_is_a_link() {
    let folder = written(Some(&key(1)));
    fs::write(folder.path().join("evidence/more.json"), "{}").expect("it can be added");
    std::os::unix::fs::symlink("/etc", folder.path().join("etc")).expect("a link can be added");
    assert_eq!(why(&folder), "etc was added; evidence/more.json was added");
}

#[test]
fn a_file_that_is_a_link_now_is_not_followed() {
    let folder = written(Some(&key(1)));
    let path = folder.path().join("report.json");
    let elsewhere = folder.path().join("report.sarif");
    fs::remove_file(&path).expect("it can be removed");
    std::os::unix::fs::symlink(elsewhere, &path).expect("a link can be made");
    assert!(why(&folder).contains("report.json cannot be read"));
}

#[test]
fn a_manifest_that_was_made_to_fit_is_found_by_its_signature() {
    let folder = written(Some(&key(1)));
    let path = folder.path().join("manifest.sha256");
    let text = fs::read_to_string(&path).expect("it is there");
    let other = text.replacen(&text[..64], &"0".repeat(64), 1);
    fs::write(&path, other).expect("it can be changed");
    assert!(why(&folder).starts_with("the manifest was changed after it was signed"));
}

#[test]
fn a_report_that_somebody_else_signed_is_not_the_nodes() {
    let folder = written(Some(&key(2)));
    assert!(why(&folder).contains("signed by another key"));
}

#[test]
fn an_unsigned_report_says_so_and_never_passes_for_signed() {
    let folder = written(None);
    assert_eq!(verify(folder.path(), None).expect("it fits").signer, Signer::Nobody);
    assert!(why(&folder).contains("nobody signed it"));
    let signed = written(Some(&key(1)));
    fs::remove_file(signed.path().join("manifest.sig")).expect("it can be removed");
    assert!(why(&signed).contains("nobody signed it"));
}

#[test]
fn a_report_takes_the_place_of_an_older_one_and_of_nothing_else() {
    let folder = written(Some(&key(1)));
    write(folder.path(), None);
    assert_eq!(verify(folder.path(), None).expect("it is whole").signer, Signer::Nobody);
    let other = TempDir::new().expect("a folder");
    fs::write(other.path().join("letters.txt"), "mine").expect("a file");
    let error = bundle::check(other.path()).expect_err("something else is in it");
    assert!(error.is_usage(), "{error}");
}
