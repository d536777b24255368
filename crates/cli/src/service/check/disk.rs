//! Room on the disk that holds the data folder: bytes and inodes.

use super::finding::Finding;
use super::host::{Data, Host};
use nix::sys::statvfs::{Statvfs, statvfs};

const MIB: u64 = 1 << 20;

/// Below this little is left for the store's log: writes will soon be refused.
const FEW_BYTES: u64 = 64 * MIB;
/// Below this it is time to act.
const BYTES: u64 = 1024 * MIB;
const FEW_INODES: u64 = 100;
const INODES: u64 = 10_000;

pub fn look(host: &Host) -> Vec<Finding> {
    let names = ["disk space", "inodes"];
    let why = match (&host.folder, statvfs(&host.data)) {
        (Data::None, _) => "there is no data folder yet".to_owned(),
        (_, Ok(disk)) => return vec![space(&disk), inodes(&disk)],
        (_, Err(error)) => format!("{}: {error}", host.data.display()),
    };
    names.map(|name| Finding::not_tried(name, why.clone())).into()
}

fn space(disk: &Statvfs) -> Finding {
    let free = disk.blocks_available().saturating_mul(disk.fragment_size());
    let what = format!("{} MiB free", free / MIB);
    graded(
        "disk space",
        free,
        (FEW_BYTES, BYTES),
        what,
        "make room: a full disk means that writes are refused",
    )
}

fn inodes(disk: &Statvfs) -> Finding {
    if disk.files() == 0 {
        return Finding::ok("inodes", "this file system makes them as needed");
    }
    let (free, advice) =
        (disk.files_available(), "delete small files: without inodes no file can be made");
    graded("inodes", free, (FEW_INODES, INODES), format!("{free} free"), advice)
}

fn graded(
    name: &'static str,
    free: u64,
    (few, enough): (u64, u64),
    what: String,
    advice: &str,
) -> Finding {
    match free {
        free if free < few => Finding::fail(name, format!("{what}: {advice}")),
        free if free < enough => Finding::warn(name, format!("{what}: {advice}")),
        _ => Finding::ok(name, what),
    }
}
