//! `pintle backup` and `pintle restore`.

use crate::args::{BackupArgs, RestoreArgs};
use crate::failure::Failure;
use crate::pin::carry_out;
use crate::say::say;
use pintle_cloud::clock::{iso8601, now_ms};
use pintle_cloud::control::{ControlError, KeyRequest, Request, Response};
use pintle_cloud::node_key::NodeKey;
use pintle_cloud::vault::restore::restore;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

/// The node makes the backup where it may write, and it is taken from there.
pub fn back_up(args: &BackupArgs) -> Result<(), Failure> {
    let to = &args.to;
    let failed = |error: io::Error| Failure::usage(format!("{}: {error}", to.display()));
    DirBuilder::new().mode(0o700).create(to).map_err(failed)?;
    let made = carry_out(&args.data, Request::Backup).and_then(|response| match response {
        Response::BackedUp { folder, store_bytes, files } => {
            take_away(&folder, to).map_err(failed)?;
            Ok((store_bytes, files))
        }
        _ => Err(Failure::failed(ControlError::Version)),
    });
    let (store_bytes, files) = made.inspect_err(|_| {
        // What was made of it is no backup.
        let _ = fs::remove_dir_all(to);
    })?;
    if args.json {
        say!("{}", serde_json::json!({ "folder": to, "store_bytes": store_bytes, "files": files }));
        return Ok(());
    }
    say!("{} holds the store ({store_bytes} bytes) and {files} files, sealed.", to.display());
    say!(
        "It opens with the node key, which is not in it: keep a copy of that elsewhere (pintle key backup)."
    );
    Ok(())
}

fn take_away(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let path = to.join(entry.file_name());
        if fs::rename(entry.path(), &path).is_err() {
            // On another disk.
            fs::copy(entry.path(), &path)?;
            File::open(&path)?.sync_all()?;
        }
    }
    File::open(to)?.sync_all()?;
    fs::remove_dir_all(from)
}

pub fn restore_from(args: &RestoreArgs) -> Result<(), Failure> {
    let key = NodeKey::load(&args.node_key).map_err(Failure::usage)?;
    let done = restore(&args.from, &args.data, &key, now_ms());
    let done = done.map_err(|error| match error.is_usage() {
        true => Failure::usage(error),
        false => Failure::failed(error),
    })?;
    if let Some(node) = &args.tell {
        carry_out(node, Request::Key { key: KeyRequest::RestoreTried })?;
    }
    let made = iso8601(done.made_at_ms);
    if args.json {
        let missing = &done.key_missing;
        say!(
            "{}",
            serde_json::json!({ "data": args.data, "made_at": made, "key_missing": missing })
        );
        return Ok(());
    }
    say!("{} is as it was at {made}. Devices will shake hands again.", args.data.display());
    if let Some(path) = &done.key_missing {
        say!("Put the node key at {}, where its config.toml says that it lies.", path.display());
    }
    say!("Start it with: pintle serve --data {}", args.data.display());
    Ok(())
}
