//! One-time secrets from command line to command line, through a real node.

use crate::cloud::{Cloud, USER, pintle};
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const PLANTED: &str = "the combination is 12-7-41";

/// Somebody's own machine, where they are logged in.
struct Desk {
    config: PathBuf,
}

impl Desk {
    fn of(cloud: &Cloud, name: &str, token: &str) -> Self {
        let config = cloud.scratch(name);
        let folder = config.join("pintle");
        fs::create_dir_all(&folder).unwrap();
        let login = json!({
            "server": cloud.api_url(),
            "ca": cloud.ca(),
            "access_token": token,
        });
        fs::write(folder.join("login.json"), login.to_string()).unwrap();
        Self { config }
    }

    fn run(&self, words: &[&str], stdin: &str) -> Output {
        let mut command = pintle();
        command.arg("secret").args(words).env("XDG_CONFIG_HOME", &self.config);
        run(&mut command, stdin)
    }

    fn json(&self, words: &[&str], stdin: &str) -> Value {
        let output = self.run(&[words, &["--json"]].concat(), stdin);
        assert!(output.status.success(), "{words:?}: {}", said(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

/// Without a terminal, as in a script.
fn run(command: &mut Command, stdin: &str) -> Output {
    use std::os::unix::process::CommandExt as _;
    let mut alone = Command::new("setsid");
    alone.arg("--wait").arg(command.get_program()).args(command.get_args());
    alone.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    alone.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = alone.spawn().expect("the program starts");
    // One that ends before it reads has said why.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn p5_a_secret_is_sealed_on_one_machine_and_opened_once_on_another() {
    let cloud = Cloud::start();
    let api = cloud.log_in();
    crate::totp::enrol(&api);
    let desk = |name| Desk::of(&cloud, name, api.token());
    let (sender, reader) = (desk("sender"), desk("reader"));
    let key = reader.json(&["key", "add"], "");
    let fingerprint = key["fingerprint"].as_str().unwrap();
    assert_eq!(mode(&reader.config.join("pintle/secret.key")), 0o600);

    // Without a terminal to ask on, a key that nobody confirmed is not sealed to.
    let blind = sender.run(&["send", "--to", USER], PLANTED);
    assert_eq!((blind.status.code(), said(&blind).contains("--fingerprint")), (Some(2), true));
    let slipped_in = "00".repeat(32);
    let other = sender.run(&["send", "--to", USER, "--fingerprint", &slipped_in], PLANTED);
    assert_eq!((other.status.code(), said(&other).contains("nothing was sent")), (Some(2), true));

    let send = ["send", "--to", USER, "--expires", "1h", "--fingerprint", fingerprint];
    let sent = sender.json(&send, PLANTED);
    let id = sent["id"].as_str().unwrap();
    let read = reader.run(&["read", "-"], id);
    assert_eq!(String::from_utf8_lossy(&read.stdout), PLANTED, "{}", said(&read));
    let again = reader.run(&["read", id], "");
    assert_eq!((again.status.code(), said(&again).contains("was read at")), (Some(2), true));
    assert!(again.stdout.is_empty());
    let listed = sender.json(&["list"], "");
    assert_eq!((&listed[0]["state"], &listed[0]["id"]), (&json!("read"), &sent["name"]));

    // Confirmed once is enough; what comes to lie in the folder is private, and says nothing of the secret.
    assert_eq!(sender.json(&["send", "--to", USER], "once more")["id"].as_str().unwrap().len(), 52);
    let known = sender.config.join("pintle/known-keys");
    assert!(fs::read_to_string(&known).unwrap().contains(fingerprint));
    assert_eq!(mode(&known), 0o600);
}
