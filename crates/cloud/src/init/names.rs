//! What the certificate of a new node is made out to.

use std::fs;

use crate::certificate;

/// This host's own names, and `more`; none twice.
pub(super) fn of_host(more: &[String]) -> Vec<String> {
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
    let host = host_name().filter(|name| certificate::is_name(name));
    for name in host.into_iter().chain(more.iter().cloned()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn host_name() -> Option<String> {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    Some(name.trim().to_owned())
}
