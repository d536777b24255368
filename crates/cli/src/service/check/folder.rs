//! The data folder: its settings, its owner, and who else may look.

use super::finding::Finding;
use super::host::{Data, Host};
use super::people::{SERVICE_USER, id_of, name_of};
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Bits of a mode that let anyone but the owner in.
const OTHERS: u32 = 0o077;

/// Settings, folder, owners, key files.
pub fn look(host: &Host) -> Vec<Finding> {
    let path = host.data.display();
    match &host.folder {
        Data::None => vec![Finding::warn(
            "data folder",
            format!(
                "{path} has none yet: runuser -u pintle -- pintle init --data {path} --user NAME"
            ),
        )],
        Data::Closed => vec![Finding::not_tried(
            "data folder",
            format!("only its owner and root may look into {path}: run this as root"),
        )],
        Data::Broken(why) => {
            vec![Finding::fail("configuration", why.as_str()), mode(host), owners(host), keys(host)]
        }
        Data::Open(_) => {
            let config = Finding::ok("configuration", format!("{path}/config.toml is understood"));
            vec![mode(host), config, owners(host), keys(host)]
        }
    }
}

fn mode(host: &Host) -> Finding {
    let name = "data folder";
    let path = host.data.display();
    match fs::metadata(&host.data) {
        Err(error) => Finding::not_tried(name, format!("{path}: {error}")),
        Ok(folder) if bits(&folder) & OTHERS != 0 => Finding::fail(
            name,
            format!("{path} is open to others (mode {:04o}): chmod 0700 {path}", bits(&folder)),
        ),
        Ok(folder) => Finding::ok(name, format!("{path}, mode {:04o}", bits(&folder))),
    }
}

/// Everything belongs to whoever runs the node: a file of root's, left by a command typed as root, would stop it.
fn owners(host: &Host) -> Finding {
    let name = "owner";
    let (folder, entries) =
        match fs::metadata(&host.data).and_then(|meta| Ok((meta, all(&host.data)?))) {
            Ok(found) => found,
            Err(error) => return Finding::not_tried(name, error.to_string()),
        };
    let owner = host.process().map_or_else(|| service_user(host, &folder), |process| process.user);
    let foreign = std::iter::once((host.data.clone(), folder))
        .chain(entries)
        .find(|(_, meta)| meta.uid() != owner);
    let (path, owner) = (host.data.display(), name_of(owner));
    match foreign {
        None => Finding::ok(name, format!("everything in {path} belongs to {owner}")),
        Some((file, meta)) => Finding::fail(
            name,
            format!(
                "{} belongs to {}, and the node runs as {owner}: chown -R {owner}: {path}",
                file.display(),
                name_of(meta.uid())
            ),
        ),
    }
}

/// Who will run the node: the unit's user where the unit is for this folder, else the folder's owner.
fn service_user(host: &Host, folder: &Metadata) -> u32 {
    let is_the_services = host.data == Path::new(super::host::SERVICE_DATA);
    is_the_services.then(|| id_of(SERVICE_USER)).flatten().unwrap_or_else(|| folder.uid())
}

fn keys(host: &Host) -> Finding {
    let name = "key files";
    let files = match all(&host.data.join("keys")) {
        Ok(files) => files,
        Err(error) => return Finding::fail(name, format!("{}/keys: {error}", host.data.display())),
    };
    match files.iter().find(|(_, meta)| meta.is_file() && bits(meta) & OTHERS != 0) {
        None => Finding::ok(name, format!("{} of them, for their owner alone", files.len())),
        Some((file, meta)) => Finding::fail(
            name,
            format!(
                "{} is open to others (mode {:04o}): chmod 0600 it, and take the key for known to them",
                file.display(),
                bits(meta)
            ),
        ),
    }
}

/// What lies in a folder and in the folders in it; links are not followed.
fn all(folder: &Path) -> io::Result<Vec<(PathBuf, Metadata)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        // A file that went meanwhile, such as the store's log, needs no owner.
        let Ok(meta) = fs::symlink_metadata(&path) else { continue };
        if meta.is_dir() {
            found.extend(all(&path)?);
        }
        found.push((path, meta));
    }
    Ok(found)
}

/// The permission bits of a file.
pub fn bits(meta: &Metadata) -> u32 {
    meta.permissions().mode() & 0o7777
}
