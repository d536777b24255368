//! The power fails in every write of an update: another process takes one, and is killed in the middle of the N-th. What
//! comes up after it runs a valid image, takes the rest of the update, and ends on the new one.

use super::installing::folder;
use super::*;
use crate::folder::Folder;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};

const FOLDER: &str = "PINTLE_TEST_FOLDER";
/// The test below, which starts itself as the process that is killed.
const SELF: &str = "firmware::tests::killed::p8_a_device_that_is_killed_in_any_write_of_an_update_comes_up_on_a_valid_image";

fn image(version: u16) -> Vec<u8> {
    let content: Vec<u8> = (0..18_000_u32).map(|n| (n * u32::from(version)) as u8).collect();
    module(&content, version)
}

/// All that a device does for an update, from the start to the image's first confirmed boot.
fn live(dir: &Path) {
    let mut store = open(&Folder::open(dir).unwrap()).unwrap();
    let mut boot = store.boot().unwrap();
    let (old, new) = (Digest::of(&image(1)).0, Digest::of(&image(2)).0);
    assert!([old, new].contains(&boot.firmware.sha256));
    let program = std::fs::read(boot.program.as_ref().unwrap().as_ref().unwrap()).unwrap();
    let version = if boot.firmware.sha256 == old { 1 } else { 2 };
    assert_eq!(program, Module::read(&image(version)).unwrap().content());
    if boot.firmware.sha256 == old {
        assert!(!boot.on_trial);
        take(&mut store, &image(2), &[]).unwrap();
        boot = store.boot().unwrap();
    }
    assert_eq!(boot.firmware.sha256, new);
    store.confirm(&boot).unwrap();
    assert!(!store.boot().unwrap().on_trial);
}

/// Whether a device whose power fails in the N-th write got to its end before.
fn fails_in_write(number: u32, dir: &Path) -> bool {
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", SELF, "--nocapture"])
        .env("PINTLE_POWER_FAILS_AT", number.to_string())
        .env(FOLDER, dir)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    let killed = status.signal() == Some(9);
    assert!(killed || status.success(), "{number}: {status}");
    !killed
}

#[test]
fn p8_a_device_that_is_killed_in_any_write_of_an_update_comes_up_on_a_valid_image() {
    if let Some(dir) = std::env::var_os(FOLDER) {
        return live(Path::new(&dir));
    }
    let mut cuts = 0;
    for number in 1.. {
        let dir = tempfile::tempdir().unwrap();
        let folder = folder(dir.path());
        install(&folder, &image(1), &[], 20 * 1024).unwrap();
        if fails_in_write(number, folder.dir()) {
            break;
        }
        cuts += 1;
        // And once more while that is being mended, at some other place.
        if !fails_in_write(1 + number * 7 % 5, folder.dir()) {
            cuts += 1;
        }
        live(folder.dir());
    }
    assert!(cuts > 80, "{cuts}");
}
