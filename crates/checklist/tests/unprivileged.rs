//! Somebody who is not root looks at this very machine: what could not be tried is said to be so, and why.

use pintle_checklist::machine::Machine;
use pintle_checklist::system::{self, System};
use pintle_checklist::{Look, Scene, Verdict, check_named};
use std::path::Path;
use std::process::Command;

/// Says that the test is run by the one below it, without root's rights.
const AGAIN: &str = "PINTLE_TEST_UNPRIVILEGED";

#[test]
fn an_unprivileged_run_says_what_could_not_be_tried_and_why() {
    let is_root = std::fs::read_to_string("/proc/self/status").unwrap().contains("Uid:\t0\t");
    if is_root && std::env::var_os(AGAIN).is_none() {
        return as_nobody("an_unprivileged_run_says_what_could_not_be_tried_and_why");
    }
    let scene = seen();
    for id in [
        "system-accounts-empty-passwords",
        "system-accounts-password-hashes",
        "system-ports-programs",
    ] {
        let Verdict::Untried { why } = (check_named(id).unwrap().judge)(&scene) else {
            // Where even an ordinary user sees everything, there is nothing to say.
            assert!(Path::new("/etc/shadow").metadata().is_err(), "{id} was tried without root");
            continue;
        };
        assert!(why.contains("run as root"), "{id}: {why}");
    }
    let settings = (check_named("system-kernel-addresses").unwrap().judge)(&scene);
    assert!(!matches!(settings, Verdict::Untried { .. }), "what everybody may read is tried");
}

/// The parts of the system that need no long walk.
fn seen() -> Scene {
    let machine = Machine::at(Path::new("/"));
    let look = |found: Result<_, String>| {
        found.map_or_else(Look::unseen, |found| Look::seen(["a look"], found))
    };
    let system = System {
        sockets: look(system::socket::look(&machine, &[])),
        accounts: system::account::look(&machine)
            .map_or_else(Look::unseen, |found| Look::seen(["a look"], found)),
        kernel: system::kernel::look(&machine)
            .map_or_else(Look::unseen, |found| Look::seen(["a look"], found)),
        ..System::default()
    };
    Scene { system: Look::seen(["a look"], system), ..Scene::default() }
}

/// Runs a test again as nobody. Where `setpriv` cannot be run, or nobody may not run the test, there is nothing to learn.
fn as_nobody(test: &str) {
    let mut setpriv = Command::new("setpriv");
    setpriv.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    let reachable = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", "test", "-x"])
        .arg(std::env::current_exe().unwrap())
        .status();
    if !reachable.is_ok_and(|status| status.success()) {
        eprintln!("skipped: nobody cannot be made to run the test");
        return;
    }
    let status = setpriv
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test])
        .env(AGAIN, "1")
        .status()
        .unwrap();
    assert!(status.success(), "without root's rights the test failed");
}
