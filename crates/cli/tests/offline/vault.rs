//! Keys and backups at the command line, on a data folder at rest.

use super::{Desk, mode, refusal};
use std::fs;

const PASSWORD: &str = "nanosecond wire 11.8 inches\n";

impl Desk {
    /// A data folder, with its node key beside it; what `init` said.
    pub(super) fn node(&self) -> String {
        let words = [
            "init",
            "--data",
            "data",
            "--user",
            "ada",
            "--password-stdin",
            "--node-key",
            "apart.key",
        ];
        let output = self.run_with(&words, PASSWORD);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }
}

#[test]
fn init_makes_the_node_key_where_it_is_told_to_and_says_what_losing_it_means() {
    let desk = Desk::new();
    let said = desk.node();
    assert!(said.contains("THE NODE KEY IS") && said.contains("stranded"), "{said}");
    assert!(
        said.contains("pintle key backup") && !said.contains("lies in the data folder"),
        "{said}"
    );
    assert_eq!(mode(&desk.path("apart.key")), 0o600);
    assert!(!desk.path("data/keys/node.key").exists());
    let config = fs::read_to_string(desk.path("data/config.toml")).expect("a configuration");
    assert!(config.contains("\nkey_file = \"/"), "{config}");
    let taken =
        ["init", "--data", "other", "--user", "ada", "--password-stdin", "--node-key", "apart.key"];
    let output = desk.run_with(&taken, PASSWORD);
    assert!(refusal("init", &output).contains("apart.key"));
    assert!(!desk.path("other").exists() && desk.path("apart.key").exists());
}

#[test]
fn keys_are_rotated_and_a_backup_comes_back_with_the_node_key_alone() {
    let desk = Desk::new();
    desk.node();
    let rotated = desk.done("key rotate --data data --reason spring");
    assert!(rotated.contains("new keys") && rotated.contains("destroyed"), "{rotated}");
    let listed = desk.done("key list --data data");
    assert!(listed.lines().any(|line| line.starts_with("firmware ") && line.contains("in use")));

    let made = desk.done("backup --data data --to copy");
    assert!(made.contains("not in it"), "{made}");
    assert_eq!(fs::read_dir(desk.path("copy")).expect("a folder").count(), 3);
    let left = fs::read_dir(desk.path("data")).expect("a folder").flatten();
    let outgoing = |name: &std::ffi::OsStr| name.to_string_lossy().starts_with("outgoing");
    assert!(!left.into_iter().any(|entry| outgoing(&entry.file_name())));

    fs::write(desk.path("other.key"), [7; 32]).expect("a file");
    let refused = desk.refused("restore --from copy --data again --node-key other.key");
    assert!(refused.contains("another node key"), "{refused}");
    let refused = desk.refused("restore --from data --data again --node-key apart.key");
    assert!(refused.contains("no backup"), "{refused}");
    let refused = desk.refused("restore --from copy --data data --node-key apart.key");
    assert!(refused.contains("data folder already"), "{refused}");
    let refused = desk.refused("backup --data data --to copy");
    assert!(refused.contains("copy"), "{refused}");
    desk.done("restore --from copy --data again --node-key apart.key");
    assert_eq!(desk.done("key list --data again"), desk.done("key list --data data"));
}

#[test]
fn two_of_three_shares_make_the_node_key_again_and_one_does_not() {
    let desk = Desk::new();
    desk.node();
    desk.done("key backup --data data --to shares --shares 3 --needed 2");
    let share = "shares/share-1-of-3.pem";
    assert_eq!(mode(&desk.path(share)), 0o600);
    let few = desk.refused(&format!("key restore --from {share} --to again.key"));
    assert!(few.contains("1 different shares are here, and 2 are needed"), "{few}");
    desk.done(&format!("key restore --from {share} --from shares/share-3-of-3.pem --to again.key"));
    let read = |name| fs::read(desk.path(name)).expect("a key");
    assert_eq!(read("again.key"), read("apart.key"));
    assert_eq!(mode(&desk.path("again.key")), 0o600);
    let taken = desk.refused(&format!(
        "key restore --from {share} --from shares/share-3-of-3.pem --to again.key"
    ));
    assert!(taken.contains("again.key"), "{taken}");

    let short = desk.run_with(
        &["key", "backup", "--data", "data", "--to", "locked.pem", "--passphrase-stdin"],
        "short\n",
    );
    assert!(refusal("key backup", &short).contains("16 characters"));
    let numbers = desk.refused("key backup --data data --to more --shares 2 --needed 3");
    assert!(numbers.contains("2 or more shares"), "{numbers}");
    let text = desk.refused("key restore --from data/config.toml --to no.key");
    assert!(text.contains("no copy of a node key"), "{text}");
    assert!(!desk.path("locked.pem").exists() && !desk.path("more").exists());
}
