//! The command-line reference in `docs/commands.md` is what the program says of itself. Where it has
//! drifted, run the test with `PINTLE_WRITE_REFERENCE=1` and check the page in.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

const COMMANDS: &[&[&str]] = &[
    &[],
    &["init"],
    &["serve"],
    &["pin", "set"],
    &["pin", "list"],
    &["pin", "history"],
    &["pin", "import"],
    &["pin", "enrol"],
    &["backup"],
    &["restore"],
    &["key", "list"],
    &["key", "rotate"],
    &["key", "backup"],
    &["key", "restore"],
    &["audit", "verify"],
    &["audit", "show"],
    &["audit", "export"],
    &["checklist", "run"],
    &["checklist", "list"],
    &["checklist", "explain"],
    &["checklist", "diff"],
    &["checklist", "verify"],
    &["checklist", "key"],
    &["checklist", "schedule"],
    &["checklist", "pack"],
    &["outbox", "list"],
    &["outbox", "take"],
    &["device", "new"],
    &["device", "run"],
    &["device", "firmware", "install"],
    &["device", "firmware", "status"],
    &["device", "network", "set"],
    &["device", "network", "list"],
    &["device", "network", "forget"],
    &["device", "server-block"],
    &["user", "create"],
    &["user", "list"],
    &["user", "reset"],
    &["user", "mfa-reset"],
    &["firmware", "inspect"],
    &["firmware", "verify"],
    &["keyring", "key"],
    &["keyring", "make"],
    &["keyring", "next"],
    &["keyring", "sign"],
    &["keyring", "show"],
    &["product", "create"],
    &["product", "list"],
    &["product", "keyring"],
    &["product", "firmware", "add"],
    &["product", "firmware", "attach"],
    &["product", "firmware", "list"],
    &["product", "firmware", "release"],
    &["org", "create"],
    &["org", "list"],
    &["team", "list"],
    &["team", "set"],
    &["team", "remove"],
    &["release", "sign"],
    &["release", "review"],
    &["release", "show"],
    &["release", "bundle"],
    &["rollout", "start"],
    &["rollout", "status"],
    &["rollout", "halt"],
    &["rollout", "resume"],
    &["login"],
    &["logout"],
    &["secret", "key", "add"],
    &["secret", "key", "list"],
    &["secret", "key", "remove"],
    &["secret", "send"],
    &["secret", "read"],
    &["secret", "list"],
    &["secret", "drop"],
    &["service", "check"],
    &["attack"],
    &["attack", "token"],
    &["fleet"],
    &["quickstart"],
];

fn help(command: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_pintle")).args(command).arg("--help").output();
    let output = output.expect("the program runs");
    assert!(output.status.success(), "{command:?} --help fails");
    let text = String::from_utf8(output.stdout).expect("help is text");
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

fn reference() -> String {
    let mut page = String::from("# Commands\n\nWhat `--help` says, command by command.\n");
    for command in COMMANDS {
        let name = [&["pintle"], *command].concat().join(" ");
        write!(page, "\n## `{name}`\n\n```text\n{}\n```\n", help(command)).expect("a string grows");
    }
    page
}

#[test]
fn the_command_reference_is_what_the_program_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/commands.md");
    let page = reference();
    if std::env::var_os("PINTLE_WRITE_REFERENCE").is_some() {
        std::fs::write(&path, &page).expect("the page can be written");
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(checked_in == page, "docs/commands.md has drifted; see the head of this test");
}
