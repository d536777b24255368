//! A file that the node is told is the journal.

use crate::folder::{DataFolder, Running, lines_of, pintle};
use crate::notify::Manager;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command;

/// Makes the command's standard error a file, and the file the journal if `named` so.
fn journal(folder: &DataFolder, command: &mut Command, named: bool) -> PathBuf {
    let path = folder.scratch.path().join("journal");
    let file = File::create(&path).expect("a file of the test's own");
    let meta = file.metadata().expect("a file has an inode");
    let inode = if named { meta.ino() } else { meta.ino() + 1 };
    command.env("JOURNAL_STREAM", format!("{}:{inode}", meta.dev())).stderr(file);
    path
}

/// Something to log: bytes that are no text on the control socket.
fn break_a_conversation(folder: &DataFolder) {
    let mut socket = UnixStream::connect(folder.path().join("control.sock")).expect("it listens");
    socket.write_all(b"\xff\n").expect("it reads");
    // Until it hangs up.
    let _ = socket.read_to_end(&mut Vec::new());
}

#[test]
fn every_line_in_the_journal_has_a_priority_and_no_time_of_its_own() {
    let folder = DataFolder::new();
    let mut command = folder.serve();
    command.env("PINTLE_LOG", "debug");
    let (path, manager) =
        (journal(&folder, &mut command, true), Manager::of(&folder, &mut command));
    let mut node = Running(command.spawn().expect("the node starts"));
    manager.wait_for("READY=1");
    break_a_conversation(&folder);
    assert!(node.terminate());
    let lines = lines_of(&path);
    let good = |line: &String| {
        let text = ["<3>", "<4>", "<6>", "<7>"].iter().find_map(|start| line.strip_prefix(start));
        text.is_some_and(|text| !text.starts_with("20") && !text.contains('\u{1b}'))
    };
    assert!(!lines.is_empty() && lines.iter().all(good), "{lines:#?}");
}

#[test]
fn a_node_that_cannot_start_says_so_in_the_journal_as_an_error() {
    let folder = DataFolder::new();
    let mut command = pintle("serve");
    command.args(["--data", "/nowhere"]);
    let path = journal(&folder, &mut command, true);
    assert_eq!(command.status().expect("it starts").code(), Some(2));
    assert!(lines_of(&path)[0].starts_with("<3>pintle: /nowhere is not a data folder"));
}

#[test]
fn an_inherited_journal_that_is_not_standard_error_is_not_written_for() {
    let folder = DataFolder::new();
    let mut command = pintle("serve");
    command.args(["--data", "/nowhere"]);
    let path = journal(&folder, &mut command, false);
    command.status().expect("it starts");
    assert!(lines_of(&path)[0].starts_with("pintle: /nowhere"));
}
