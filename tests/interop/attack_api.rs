//! The attacks on the API: against a sound twin all hold, and with one protection off at a time the attack that is about it
//! gets through. Switches are in no release: this needs the feature `weakened`.

use crate::cloud::pintle;
use serde_json::Value;
use std::path::PathBuf;
use std::process::Stdio;

/// A data folder, as `init` makes it; whose node is never started.
struct Node {
    folder: tempfile::TempDir,
}

impl Node {
    fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        std::fs::write(folder.path().join("data/config.toml"), "").unwrap();
        std::fs::create_dir(folder.path().join("tmp")).unwrap();
        Self { folder }
    }

    /// Where its twins are made.
    fn scratch(&self) -> PathBuf {
        self.folder.path().join("tmp")
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// `pintle attack` on a twin of it: the exit code, and what came of each attack.
    fn attack(&self, words: &[&str]) -> (Option<i32>, Vec<Value>) {
        let mut command = pintle();
        command.args(["attack", "--json", "--target"]).arg(self.data()).args(words);
        command.env("TMPDIR", self.scratch());
        let output = command.stdin(Stdio::null()).output().expect("it starts");
        let said = String::from_utf8_lossy(&output.stdout);
        let json: Value = serde_json::from_str(&said).unwrap_or_else(|error| {
            panic!("{words:?}: {error}: {said}\n{}", String::from_utf8_lossy(&output.stderr))
        });
        (output.status.code(), json["cases"].as_array().expect("a list").clone())
    }
}

#[test]
fn all_attacks_on_the_api_of_a_sound_twin_hold_and_nothing_is_left_of_it() {
    let node = Node::make();
    let (code, cases) = node.attack(&["--only", "api-"]);
    let broke: Vec<_> = cases.iter().filter(|case| case["outcome"] != "held").collect();
    assert!(broke.is_empty() && code == Some(0), "{code:?}: {broke:#?}");
    assert_eq!(std::fs::read_dir(node.scratch()).unwrap().count(), 0, "a twin was left behind");
    assert_eq!(std::fs::read_dir(node.data()).unwrap().count(), 1, "the target was changed");
}

#[cfg(feature = "weakened")]
mod weakened {
    use super::*;

    /// The protection that is off, and the attack that must get through then.
    const SWITCHES: &[(&str, &str)] = &[
        ("nobody-let-through", "api-nobody"),
        ("lists-whole", "api-object-listed"),
        ("methods-overridden", "api-unknown-methods"),
        ("tokens-in-address", "api-token-forged"),
        ("owners-unchecked", "api-outsider"),
        ("owners-unchecked", "api-object-disguised"),
        ("owners-unchecked", "api-object-taken-over"),
        ("scopes-unchecked", "api-narrow-token"),
        ("tokens-endless", "api-token-expired"),
        ("logouts-ignored", "api-token-revoked"),
        ("refreshes-reused", "api-refresh-twice"),
        ("login-codes-reused", "api-code-twice"),
        ("challenges-unchecked", "api-code-without-proof"),
        ("redirects-anywhere", "api-redirected"),
        ("tokens-told", "api-others-tokens"),
        ("factors-reused", "api-second-factor-twice"),
        ("factors-skipped", "api-second-factor-skipped"),
        ("factor-guesses-unlimited", "api-second-factor-guessed"),
        ("freshness-unchecked", "api-no-fresh-second-factor"),
        ("guesses-unlimited", "api-guessing-from-one-address"),
        ("guesses-unlimited", "api-guessing-from-many-addresses"),
        ("names-told", "api-names-told"),
        ("weak-passwords-taken", "api-weak-passwords"),
        ("failures-unhandled", "api-injected"),
        ("markup-shown", "api-pages"),
        ("line-breaks-kept", "api-events-forged"),
        ("webhooks-inward", "api-webhook-inward"),
        ("webhook-headers-free", "api-webhook-schemes"),
        ("bodies-unbounded", "api-oversized"),
        ("heads-unbounded", "api-oversized"),
        ("connections-unbounded", "api-many-connections"),
    ];

    /// What came of an attack.
    fn outcome<'a>(cases: &'a [Value], id: &str) -> &'a Value {
        cases.iter().find(|case| case["id"] == id).unwrap_or_else(|| panic!("no {id}"))
    }

    /// Each switch has a twin of its own; they are many, so some at a time.
    fn each_is_caught(switches: &[(&str, &str)]) {
        let node = Node::make();
        for (switch, attack) in switches {
            let (code, cases) = node.attack(&["--full", "--weaken", switch, "--only", attack]);
            let came = outcome(&cases, attack);
            assert_eq!(came["outcome"], "broke", "{switch} is not caught by {attack}: {came}");
            assert_eq!(code, Some(5), "{switch}");
        }
    }

    #[test]
    fn each_protection_of_rights_and_tokens_that_is_off_is_caught_by_the_attack_on_it() {
        each_is_caught(&SWITCHES[..15]);
    }

    #[test]
    fn each_protection_of_logins_that_is_off_is_caught_by_the_attack_on_it() {
        each_is_caught(&SWITCHES[15..23]);
    }

    #[test]
    fn each_protection_against_odd_input_that_is_off_is_caught_by_the_attack_on_it() {
        each_is_caught(&SWITCHES[23..]);
    }

    #[test]
    fn every_switch_is_known_and_every_attack_too() {
        let (_, cases) = Node::make().attack(&["--list"]);
        for (_, attack) in SWITCHES {
            outcome(&cases, attack);
        }
    }
}

#[test]
fn a_target_that_is_no_folder_and_no_file_is_refused_with_one_line() {
    for words in [["--target", "/nowhere/at/all"], ["--only", "no-such-attack"]] {
        let output = pintle().arg("attack").args(words).output().expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), said.lines().count()), (Some(2), 1), "{said}");
    }
}

#[test]
fn another_machine_is_attacked_with_its_operators_token_alone() {
    let node = Node::make();
    let target = node.folder.path().join("target.json");
    std::fs::write(&target, r#"{"udp":"192.0.2.1:5684"}"#).unwrap();
    let run = |words: &[&str]| {
        let mut command = pintle();
        let output = command.args(["attack", "--target"]).arg(&target).args(words).output();
        let output = output.expect("it starts");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = run(&[]);
    assert!(code == Some(2) && said.contains("is not this machine"), "{said}");
    let (code, said) = run(&["--token", "0123456789abcdef0123456789abcdef"]);
    assert!(code == Some(2) && said.contains("is not this machine"), "{said}");
    std::fs::write(&target, r#"{"people":[{"name":"a","password":"hunter2-secret"}],"udp":1}"#)
        .unwrap();
    let (code, said) = run(&[]);
    assert!(code == Some(2) && !said.contains("hunter2"), "{said}");
    let token = pintle().args(["attack", "token"]).output().expect("it starts");
    assert_eq!(String::from_utf8_lossy(&token.stdout).trim().len(), 32);
}

#[test]
fn a_node_shows_the_token_that_its_operator_agreed_with() {
    let cloud = crate::cloud::Cloud::start();
    let api = cloud.log_in();
    const PATH: &str = "/.well-known/pintle-attack";
    assert_eq!(api.get(PATH).0, 404);
    std::fs::write(
        cloud.data().join("attack-consent"),
        "not a token at all, and nobody's business",
    )
    .unwrap();
    assert_eq!(api.get(PATH).0, 404);
    std::fs::write(cloud.data().join("attack-consent"), "0123456789abcdef0123456789abcdef\n")
        .unwrap();
    assert_eq!(api.get(PATH).0, 200);
}
