//! The program that the node runs: that it is the one that is installed, and that only an administrator can replace it.

use super::Source;
use crate::anchor::{cra, en303645, iso, isvs};
use crate::check::{Check, Item, Severity};
use crate::look::Look;
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::verdict::{Fault, Verdict};
use serde::Serialize;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Bits that let the group, or everybody, write.
const WRITE: u32 = 0o022;

/// The sticky bit: in such a folder nobody removes what is somebody else's.
const STICKY: u32 = 0o1000;

/// The program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Program {
    /// Its file.
    pub path: String,
    /// The version that runs.
    pub running: String,
    /// The version that is installed.
    pub installed: String,
    /// Whether its file was replaced or removed since it was started.
    pub replaced: bool,
    /// Its file and the folders above it that somebody but root may change, and who.
    pub changeable: Vec<(String, String)>,
}

/// Looks at the program of a process.
pub(super) fn look(source: &Source, root: &Path, process: Result<u32, String>) -> Look<Program> {
    let survey = match source.survey() {
        Ok(survey) => survey,
        Err(why) => return Look::unseen(why),
    };
    let process = match process {
        Ok(process) => process,
        Err(why) => return Look::unseen(why),
    };
    let Ok(link) = fs::read_link(root.join(format!("proc/{process}/exe"))) else {
        return Look::unseen(
            "the kernel tells its user and root alone which program a process runs: run this as one of these",
        );
    };
    let text = link.display().to_string();
    let (path, replaced) = match text.strip_suffix(" (deleted)") {
        Some(path) => (path.to_owned(), true),
        None => (text, false),
    };
    let changeable = changeable(root, Path::new(&path));
    let (running, installed) = (survey.version.clone(), source.installed.clone());
    Look::seen(
        [
            "read which program the node's process runs, and the modes of its file and of the folders above",
        ],
        Program { path, running, installed, replaced, changeable },
    )
}

/// The file and the folders above it that somebody but root may change.
fn changeable(root: &Path, path: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for at in path.ancestors() {
        let below: PathBuf = at.components().skip(1).collect();
        let Ok(meta) = fs::metadata(root.join(below)) else { continue };
        let writable = meta.mode() & WRITE != 0 && meta.mode() & STICKY == 0;
        let who = match (meta.uid(), writable) {
            (_, true) => format!("more than its owner: mode {:04o}", meta.mode() & 0o7777),
            (0, false) => continue,
            (user, false) => format!("user {user}"),
        };
        found.push((at.display().to_string(), who));
    }
    found
}

/// Who can replace it, is it.
pub(super) const KEPT: Check = Check {
    id: "node-program-kept",
    item: Item::Cloud,
    severity: Severity::Medium,
    claim: "Nobody but root may change the program that the node runs, or put another in its place.",
    how: "Reads the owner and mode of the program's file and of every folder above it.",
    remedy: "Install the package, which puts the program into /usr/bin, and run the node from there.",
    anchors: &[isvs("3.1"), en303645("5.7-1"), cra("I.1(2)(f)"), iso("A.8.19")],
    risks: &[Risk::CustomerData, Risk::PhysicalDamage],
    room: Room::Node,
    judge: kept,
};

/// What was mended runs.
pub(super) const CURRENT: Check = Check {
    id: "node-version-current",
    item: Item::Cloud,
    severity: Severity::Medium,
    claim: "The node runs the version that is installed.",
    how: "Compares the version that the node tells with that of the program that runs this check, and asks the kernel whether the node's file was replaced since.",
    remedy: "Restart the node: what an update mended is not mended in a process that was started before.",
    anchors: &[isvs("1.1"), en303645("5.3-2"), cra("I.1(2)(c)"), iso("A.8.8")],
    risks: &[Risk::CustomerData, Risk::Reputation],
    room: Room::Node,
    judge: current,
};

fn kept(scene: &Scene) -> Verdict {
    scene.node.judge(|node| {
        node.program.judge(|program| {
            let faults = program
                .changeable
                .iter()
                .map(|(path, who)| Fault::new(path.clone(), format!("can be changed by {who}")));
            Verdict::of(faults, format!("{} can be changed by root alone", program.path))
        })
    })
}

fn current(scene: &Scene) -> Verdict {
    scene.node.judge(|node| {
        node.program.judge(|program| {
            let Program { running, installed, replaced, .. } = program;
            Verdict::claim(
                running == installed && !replaced,
                format!("version {running} runs, and is installed"),
                || {
                    let detail = match replaced {
                        true => "its file was replaced or removed since it was started".to_owned(),
                        false => format!("version {running} runs, and {installed} is installed"),
                    };
                    Fault::new("the node", detail)
                },
            )
        })
    })
}
