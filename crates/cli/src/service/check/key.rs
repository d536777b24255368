//! The node key: whether it lies apart from what it opens.

use super::finding::Finding;
use super::folder::bits;
use super::host::Host;
use pintle_cloud::node_key::KEY_LENGTH;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// Bits of a mode that let in whoever is neither the owner nor of the group.
const STRANGERS: u32 = 0o007;

const NAME: &str = "node key";

pub fn look(host: &Host) -> Finding {
    let file = match host.config() {
        Ok(config) => config.node.key_file.as_path(),
        Err(why) => return Finding::not_tried(NAME, why),
    };
    let shown = file.display();
    match fs::metadata(file) {
        Err(error) => absent(file, error.kind(), &error.to_string()),
        Ok(meta) if meta.len() != KEY_LENGTH as u64 => Finding::fail(
            NAME,
            format!(
                "{shown} holds {} bytes, not {KEY_LENGTH}: restore it from your copy",
                meta.len()
            ),
        ),
        Ok(meta) if bits(&meta) & STRANGERS != 0 => Finding::fail(
            NAME,
            format!("{shown} is open to everyone (mode {:04o}): chmod o= {shown}", bits(&meta)),
        ),
        Ok(_) if file.starts_with(&host.data) => Finding::warn(
            NAME,
            format!(
                "{shown} lies in the data folder, so a copy of the folder opens everything: move it, and set [node] \
                 key_file (docs/service.md, \"The node key\")"
            ),
        ),
        Ok(_) => Finding::ok(NAME, format!("{shown}, outside the data folder")),
    }
}

/// A credential is there only while the service runs, and only root and the service may look at it.
fn absent(file: &Path, kind: ErrorKind, why: &str) -> Finding {
    let shown = file.display();
    match kind {
        _ if file.starts_with("/run/credentials") => Finding::not_tried(
            NAME,
            format!("{shown} is a credential, and here only while the service runs"),
        ),
        ErrorKind::PermissionDenied => {
            Finding::not_tried(NAME, format!("{shown}: {why}: run this as root"))
        }
        _ => Finding::fail(
            NAME,
            format!("{shown}: {why}: restore it from your copy, or set [node] key_file"),
        ),
    }
}
