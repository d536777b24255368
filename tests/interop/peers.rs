//! Where `cargo xtask peers` put the clients that others wrote.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A file of an npm peer under `target/peers`; panics with the remedy when it is missing.
pub(crate) fn npm(peer: &str, file: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/peers").join(peer);
    let found = folder.join("complete").exists().then(|| folder.join(file));
    found.unwrap_or_else(|| panic!("{peer} is not installed: run `cargo xtask peers`"))
}

/// Node, in the version that the machine has.
pub(crate) fn node() -> PathBuf {
    PathBuf::from("node")
}

/// Panics with the remedy when GnuTLS's client is missing.
pub(crate) fn require_gnutls() {
    let mut version = Command::new("gnutls-cli");
    version.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    let answers = version.status().is_ok_and(|status| status.success());
    assert!(answers, "gnutls-cli is not installed: run `cargo xtask peers`");
}

/// A command whose HTTP requests go to loopback and nowhere else.
pub(crate) fn without_proxies(command: &mut Command) -> &mut Command {
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    command
}
