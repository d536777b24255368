//! Lets sslyze look at the API's TLS from outside: a fresh node as `init` makes it, every check that sslyze has, held against
//! Mozilla's intermediate configuration (TLS 1.2 and 1.3). Fails on anything that sslyze finds fault with.

use crate::process::{Failure, Program};
use crate::{repo, tools};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// For a node to be ready.
const START: Duration = Duration::from_secs(60);

/// A running node; it ends with this value.
pub(crate) struct Node(Child);

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Fails when sslyze finds a weakness.
pub(crate) fn check() -> Result<(), Failure> {
    Program::cargo().args(["build", "--quiet", "--locked", "--package", "pintle"]).run()?;
    let sslyze = tools::sslyze()?;
    let folder = repo::target().join("tls");
    let data = folder.join("data");
    let (node, api) = fresh(&folder)?;
    let said = Program::new(sslyze)
        .args(["--mozilla_config", "intermediate", "--certinfo_ca_file"])
        .arg(data.join("ca.pem"))
        .arg("--sni=localhost")
        .arg(&api)
        .capture()?;
    drop(node);
    let verdict = said.lines().find(|line| line.contains("ompliant"));
    println!("{}", verdict.unwrap_or("sslyze did not say whether it is compliant").trim());
    if verdict.is_none() || weak(&said) {
        return Err(Failure::new(format!("sslyze says:\n{said}")));
    }
    fs::remove_dir_all(&folder).map_err(|error| Failure::at(&folder, &error))
}

/// A fresh node, its data in `data` below this folder, and where its API is.
pub(crate) fn fresh(folder: &Path) -> Result<(Node, String), Failure> {
    // What a run that was cut off left.
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).map_err(|error| Failure::at(folder, &error))?;
    let data = folder.join("data");
    init(&data)?;
    serve(folder, &data)
}

/// sslyze shouts what it finds weak; its exit code is about the configuration alone. That no public store of authorities knows
/// ours is as it should be.
fn weak(said: &str) -> bool {
    let public = |line: &str| line.contains("CA Store") && !line.contains("Supplied CA file");
    let mut faults = said.lines().filter(|line| !public(line));
    faults.any(|line| line.contains("VULNERABLE") || line.contains("FAILED"))
}

fn program() -> PathBuf {
    repo::target().join("debug/pintle")
}

fn init(data: &Path) -> Result<(), Failure> {
    let not_made = |why: String| Failure::new(format!("`pintle init` made no folder: {why}"));
    let mut init = Command::new(program())
        .args(["init", "--user", "tls", "--password-stdin", "--data"])
        .arg(data)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| not_made(error.to_string()))?;
    let mut input = init.stdin.take().ok_or_else(|| not_made("no input".to_owned()))?;
    writeln!(input, "looked at from outside").map_err(|error| not_made(error.to_string()))?;
    drop(input);
    let status = init.wait().map_err(|error| not_made(error.to_string()))?;
    if status.success() { Ok(()) } else { Err(not_made(status.to_string())) }
}

/// The node, and where its API is.
fn serve(folder: &Path, data: &Path) -> Result<(Node, String), Failure> {
    let ready = folder.join("ready.json");
    let node = Command::new(program())
        .args(["serve", "--api", "127.0.0.1:0", "--udp", "127.0.0.1:0", "--data"])
        .arg(data)
        .arg("--ready-file")
        .arg(&ready)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| Failure::new(format!("`pintle serve` did not start: {error}")))?;
    let (node, began) = (Node(node), Instant::now());
    while !ready.exists() {
        if began.elapsed() > START {
            return Err(Failure::new("`pintle serve` was not ready in time"));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let said = fs::read_to_string(&ready).map_err(|error| Failure::at(&ready, &error))?;
    let api = said.split("\"api\":\"").nth(1).and_then(|rest| rest.split('"').next());
    let api = api.ok_or_else(|| Failure::new("the ready file does not say where the API is"))?;
    Ok((node, api.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::weak;

    #[test]
    fn what_sslyze_finds_weak_is_not_overlooked() {
        assert!(!weak(
            "  Mozilla CA Store (2026):  FAILED - Certificate is NOT Trusted\n OK - Not vulnerable"
        ));
        assert!(weak("  Supplied CA file CA Store (N/A):  FAILED - Certificate is NOT Trusted"));
        assert!(weak("  Client Renegotiation DoS Attack:  VULNERABLE - Server honors it"));
        assert!(weak("  127.0.0.1:1: FAILED - Not compliant."));
    }
}
