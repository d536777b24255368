//! Keys, keyrings and releases, as a team makes them.

use super::{Desk, mode};
use pintle_firmware::module::{Builder, Function, Platform, Product};
use serde_json::json;
use std::fs;

/// A program for a Linux agent, in product 42 with this version.
pub(crate) fn module(version: u16, content: &[u8]) -> Vec<u8> {
    let product = Some(Product { id: 42, version });
    Builder { product, ..Builder::new(Platform(3), Function::USER_PART, 0, content) }.build()
}

impl Desk {
    /// A key pair: `name.key` and `name.pub`.
    pub(crate) fn key(&self, name: &str) {
        self.done(&format!("keyring key --out {name}.key --public {name}.pub"));
    }

    /// Two roots that both have to sign, a release key, and two reviewers who both have to.
    pub(crate) fn team() -> Self {
        let desk = Self::new();
        for name in ["root1", "root2", "ci", "ann", "bob"] {
            desk.key(name);
        }
        desk.done(
            "keyring make --product 42 --root root1.pub root2.pub --release ci.pub --review ann.pub bob.pub \
             --root-threshold 2 --review-threshold 2 --expires 365 --sign root1.key root2.key --out ring",
        );
        fs::write(desk.path("app.bin"), module(7, b"#!/bin/sh\n")).expect("a file");
        desk
    }
}

#[test]
fn a_new_key_is_its_owners_alone_and_no_file_is_written_over() {
    let desk = Desk::new();
    let made = desk.json("keyring key --out a.key --public a.pub --json");
    assert_eq!(made["algorithm"], "ed25519");
    assert_eq!((mode(&desk.path("a.key")), mode(&desk.path("a.pub"))), (0o600, 0o644));
    let text = fs::read_to_string(desk.path("a.pub")).expect("text");
    assert!(text.starts_with("-----BEGIN PUBLIC KEY-----\n"), "{text}");
    let before = fs::read(desk.path("a.key")).expect("a file");
    assert!(desk.refused("keyring key --out a.key").contains("there is a file already"));
    assert!(desk.refused("keyring key --out b.key --public a.pub").contains("already"));
    assert!(!desk.path("b.key").exists(), "not half of it");
    assert_eq!(fs::read(desk.path("a.key")).expect("a file"), before);
    let printed = desk.done("keyring key --p256 --out c.key");
    assert!(printed.contains("(p256)") && printed.contains("BEGIN PUBLIC KEY"), "{printed}");
    assert!(!printed.contains("PRIVATE"));
}

#[test]
fn a_keyring_holds_when_enough_roots_have_signed_and_tells_who_has_not() {
    let desk = Desk::team();
    let made = "--root root1.pub root2.pub --release ci.pub --root-threshold 2 --expires 365";
    desk.done(&format!("keyring make --product 42 {made} --sign root1.key --out half"));
    let shown = desk.json("keyring show half --json");
    assert_eq!(
        (&shown["holds"], &shown["reasons"][0]["code"]),
        (&json!(false), &json!("signatures"))
    );
    assert!(desk.refused("keyring sign half --key ci.key").contains("no root key"));
    desk.done("keyring sign half --key root2.key");
    assert!(desk.refused("keyring sign half --key root2.key").contains("already"));
    let shown = desk.json("keyring show half --json");
    assert_eq!(shown["holds"], true);
    assert_eq!(shown["signed_by"].as_array().map(Vec::len), Some(2));
    assert_eq!(shown["keys"].as_array().map(Vec::len), Some(3));
}

#[test]
fn p8_a_rotation_is_signed_by_old_and_new_roots_and_travels_with_the_release() {
    let desk = Desk::team();
    for name in ["root3", "ci2"] {
        desk.key(name);
    }
    let next = "keyring next --from ring --root root3.pub --release ci2.pub --expires 365";
    desk.done(&format!("{next} --sign root3.key root1.key --out ring2"));
    let shown = desk.json("keyring show ring2 --from ring --json");
    assert_eq!((&shown["number"], &shown["holds"]), (&json!(2), &json!(false)));
    desk.done("keyring sign ring2 --from ring --key root2.key");
    assert_eq!(desk.json("keyring show ring2 --from ring --json")["holds"], true);

    desk.done("release sign app.bin --key ci2.key --counter 1 --number 1 --expires 30 --out alone");
    let old = desk.run("firmware verify app.bin --release alone --keyring ring");
    assert_eq!(old.status.code(), Some(1), "a device with the old keyring does not know the key");
    desk.done("release bundle alone --keyring ring2 --out app.bin.release");
    desk.done("firmware verify app.bin --keyring ring");
    desk.done("firmware verify app.bin --keyring ring2");
    let shown = desk.json("release show app.bin.release --keyring ring --json");
    assert_eq!((&shown["keyrings"], &shown["holds"]), (&json!([2]), &json!(true)));
    assert!(desk.refused("release bundle alone --keyring ring2 ring --out x").contains("follow"));
}

#[test]
fn a_release_is_read_from_a_valid_module_alone() {
    let desk = Desk::team();
    let sign = "--key ci.key --counter 2 --number 3 --expires 2099-01-31 --out r";
    let mut bad = module(7, b"#!/bin/sh\n");
    bad[26] ^= 1;
    fs::write(desk.path("bad.bin"), bad).expect("a file");
    assert!(desk.refused(&format!("release sign bad.bin {sign}")).contains("not a valid module"));
    let alien = Builder::new(Platform(3), Function::USER_PART, 0, b"#!/bin/sh\n").build();
    fs::write(desk.path("alien.bin"), alien).expect("a file");
    assert!(desk.refused(&format!("release sign alien.bin {sign}")).contains("no product"));
    assert!(!desk.path("r").exists());
    desk.done(&format!("release sign app.bin {sign} --over 5 --minimum system-part:1:6305"));
    let shown = desk.json("release show r --json");
    let said = [("product_id", 42), ("product_version", 7), ("platform_id", 3), ("counter", 2)];
    said.iter().for_each(|(name, value)| assert_eq!(shown[name], *value, "{name}"));
    assert_eq!((&shown["number"], &shown["over"]), (&json!(3), &json!(5)));
    assert_eq!(shown["expires"], "2099-01-31T00:00:00Z");
    assert_eq!(shown["minimums"], json!([{ "function": 4, "index": 1, "version": 6305 }]));
    assert_eq!(shown["holds"], json!(null), "without a keyring nobody knows");
}

#[test]
fn what_cannot_be_read_or_reached_is_told_in_one_line() {
    let desk = Desk::team();
    fs::write(desk.path("text"), "no key at all").expect("a file");
    fs::write(desk.path("huge"), vec![0; 1 << 20]).expect("a file");
    let sign = "release sign app.bin --counter 1 --number 1 --expires 30 --out r --key";
    for wrong in ["text", "ann.pub", "huge", "missing", "."] {
        desk.refused(&format!("{sign} {wrong}"));
    }
    let make = "keyring make --product 42 --expires 30 --out new --sign root1.key --root root1.pub";
    for wrong in [
        "--release root1.pub",
        "--release ci.key",
        "--release ci.pub --release-threshold 2",
        "--release ci.pub --release-threshold 0",
        "--release ci.pub --review-threshold 1",
        "--release text",
    ] {
        desk.refused(&format!("{make} {wrong}"));
    }
    let many: String = (0..16).map(|_| " ci.pub").collect();
    desk.refused(&format!("{make} --release{many}"));
    assert!(!desk.path("new").exists() && !desk.path("r").exists());
    for wrong in
        ["keyring show app.bin", "release show ring", "release show text", "keyring show ."]
    {
        desk.refused(wrong);
    }
}
