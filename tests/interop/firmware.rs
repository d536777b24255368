//! `pintle firmware inspect` on real modules. What it says beside another reader of modules is compared in
//! `crates/firmware/tests`; here is what a person and a script get.

use crate::peers;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const ARGON: &str =
    "node_modules/particle-cli/assets/knownApps/argon/tinker/tinker-0.8.0-rc.27-argon.bin";

fn inspect(file: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pintle"));
    command.args(["firmware", "inspect"]).arg(file).args(arguments);
    command.output().expect("the program runs")
}

fn argon() -> PathBuf {
    peers::npm("particle-cli-3.51", ARGON)
}

#[test]
fn a_real_module_is_told_and_valid() {
    let output = inspect(&argon(), &["--json"]);
    assert_eq!(output.status.code(), Some(0));
    let said: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let known = [
        ("valid", Value::from(true)),
        ("crc_ok", Value::from(true)),
        ("sha256_ok", Value::from(true)),
        ("platform_id", Value::from(12)),
        ("module_function", Value::from(5)),
        ("module_index", Value::from(1)),
        ("module_version", Value::from(5)),
        ("product_id", Value::from(12)),
        ("product_version", Value::from(3)),
        ("size", Value::from(11_972)),
    ];
    for (name, value) in known {
        assert_eq!(said[name], value, "{name} in {said:#}");
    }
    assert_eq!(said["dependencies"][0]["version"], 326);
    let table = String::from_utf8(inspect(&argon(), &[]).stdout).expect("text");
    assert!(table.contains("platform      argon (12)"), "{table}");
}

#[test]
fn a_bad_module_ends_with_1_and_what_is_none_with_2_and_one_line() {
    let scratch = tempfile::tempdir().expect("a folder");
    let mut bytes = std::fs::read(argon()).expect("a module");
    bytes[1000] ^= 1;
    let bad = scratch.path().join("bad.bin");
    std::fs::write(&bad, &bytes).expect("a file");
    let output = inspect(&bad, &["--json"]);
    assert_eq!(output.status.code(), Some(1));
    let said: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&said["valid"], &said["crc_ok"]), (&Value::from(false), &Value::from(false)));
    assert_eq!(said["reasons"][0]["code"], "crc");

    let text = scratch.path().join("text.bin");
    std::fs::write(&text, "no module at all. ".repeat(100)).expect("a file");
    for file in [text, scratch.path().join("missing.bin"), scratch.path().to_path_buf()] {
        let output = inspect(&file, &[]);
        assert_eq!(output.status.code(), Some(2), "{}", file.display());
        assert!(output.stdout.is_empty());
        let said = String::from_utf8(output.stderr).expect("text");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}
