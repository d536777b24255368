//! Commands that need no node and no network: signing, and the secrets of a device's networks.

mod audit;
mod checklist;
mod inventory;
mod network;
mod signing;
mod vault;
mod verify;

use serde_json::Value;
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A folder in which commands are typed.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs a command in the folder; what it reads is `input`.
    fn run_with(&self, words: &[&str], input: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pintle"));
        command.args(words.iter().map(OsStr::new)).current_dir(self.0.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        // It may end before it has read all.
        let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
        child.wait_with_output().expect("the program ends")
    }

    fn run(&self, line: &str) -> Output {
        let words: Vec<&str> = line.split_whitespace().collect();
        self.run_with(&words, "")
    }

    /// Runs a command that does what it is told; what it printed.
    fn done(&self, line: &str) -> String {
        let output = self.run(line);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {}: {said}", output.status);
        String::from_utf8(output.stdout).expect("text")
    }

    fn json(&self, line: &str) -> Value {
        serde_json::from_slice(&self.run(line).stdout).expect("JSON")
    }

    /// Runs a command that its typist can mend: one line says how, nothing is printed, and the exit code is 2.
    fn refused(&self, line: &str) -> String {
        let words: Vec<&str> = line.split_whitespace().collect();
        refusal(line, &self.run_with(&words, ""))
    }
}

fn refusal(line: &str, output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{line}: {said}");
    assert!(output.stdout.is_empty(), "{line}");
    assert_eq!(said.lines().count(), 1, "{line}: {said}");
    said
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).expect("a file").permissions().mode() & 0o777
}
