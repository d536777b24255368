//! `pintle device network`: secrets come from standard input, and what is printed has none.

use super::{Desk, mode, refusal};
use serde_json::json;
use std::fs;
use std::process::Output;

impl Desk {
    /// A folder that looks like a device's, in `d`.
    fn device() -> Self {
        let desk = Self::new();
        fs::create_dir(desk.path("d")).expect("a folder");
        fs::write(desk.path("d/device.toml"), "").expect("a file");
        desk
    }

    fn set(&self, words: &str, input: &str) -> Output {
        let line = format!("device network set --dir d --secrets-stdin {words}");
        self.run_with(&line.split_whitespace().collect::<Vec<_>>(), input)
    }
}

#[test]
fn p7_secrets_are_read_from_standard_input_and_never_printed() {
    let desk = Desk::device();
    for (words, input) in [
        ("--ssid Cellar", "correct horse\n"),
        ("--ssid Attic --wpa3 --hidden", "battery staple\r\n"),
        ("--apn internet.example", "user\npass word\n1234\n"),
        ("--apn bare.example", ""),
        ("--ssid Cafe --open", ""),
    ] {
        let output = desk.set(words, input);
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).expect("text");
        assert!(output.status.success(), "{words}: {said}");
        input.lines().for_each(|line| assert!(!said.contains(line), "{said}"));
    }
    let listed = desk.json("device network list --data d --json");
    let known = json!([
        { "kind": "sim", "name": "bare.example", "keeps": [] },
        { "kind": "sim", "name": "internet.example", "keeps": ["user", "password", "pin"] },
        { "kind": "wifi", "name": "Attic", "keeps": ["passphrase"] },
        { "kind": "wifi", "name": "Cafe", "keeps": [] },
        { "kind": "wifi", "name": "Cellar", "keeps": ["passphrase"] },
    ]);
    assert_eq!(listed, known);
    assert_eq!(mode(&desk.path("d/networks.sealed")), 0o600);
    assert_eq!(mode(&desk.path("d/network.key")), 0o600);
    desk.done("device network forget --dir d --ssid Cafe");
    assert!(!desk.done("device network list --dir d").contains("Cafe"));
    desk.done("device network forget --dir d --all");
    assert_eq!(desk.done("device network list --dir d"), "");
}

#[test]
fn networks_are_handed_to_a_system_that_has_a_place_for_them() {
    let desk = Desk::device();
    let refused = desk.set("--ssid Cellar --apply --root d", "correct horse\n");
    let said = String::from_utf8(refused.stderr).expect("text");
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("no NetworkManager"), "{said}");
    assert!(desk.done("device network list --dir d").contains("Cellar"), "it is kept all the same");
    let connections = desk.path("image/etc/NetworkManager/system-connections");
    fs::create_dir_all(&connections).expect("a folder");
    let output = desk.set("--ssid Attic --apply --root image", "battery staple\n");
    assert!(output.status.success());
    let files: Vec<_> = fs::read_dir(&connections)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    assert_eq!(files.len(), 2);
    assert!(files.iter().all(|file| mode(file) == 0o600));
    desk.done("device network forget --dir d --all --apply --root image");
    assert_eq!(fs::read_dir(&connections).expect("a folder").count(), 0);
}

#[test]
fn what_was_typed_wrong_is_told_in_one_line_and_nothing_is_kept() {
    let desk = Desk::device();
    for (words, input) in [
        ("--ssid Cellar", "short\n"),
        ("--ssid Cellar", ""),
        ("--apn internet", "user\npassword\n12\n"),
        ("--apn no/apn", "\n\n\n"),
    ] {
        let said = refusal(words, &desk.set(words, input));
        assert!(!said.contains("short") && !said.contains("12\n"), "{said}");
    }
    desk.refused("device network set --dir d --ssid Cellar");
    desk.refused("device network list --dir nowhere");
    desk.refused("device network forget --dir d --ssid Cellar");
    assert!(!desk.path("d/networks.sealed").exists());
}
