//! Item 5, the cloud: a node's configuration, files and host.
//!
//! Each part is looked at by itself, since each may need something else: the settings come from the node's survey, files and
//! process from the machine, the state of the audit log from whoever verified it.

mod audit;
mod backup;
mod data_key;
mod disk;
mod files;
mod process;
mod program;
mod setup;

pub use audit::Audit;
pub use disk::Disk;
pub use files::{File, Files};
pub use process::Process;
pub use program::Program;

use crate::check::Check;
use crate::look::Look;
use crate::survey::{DataKey, Milestones, Settings, Survey};
use serde::Serialize;
use std::path::Path;

/// What was seen.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Node {
    /// The configuration in effect.
    pub settings: Look<Settings>,
    /// When what was last done.
    pub milestones: Look<Milestones>,
    /// Data keys.
    pub data_keys: Look<Vec<DataKey>>,
    /// The files of the data folder.
    pub files: Look<Files>,
    /// The node's process.
    pub process: Look<Process>,
    /// The program that it runs.
    pub program: Look<Program>,
    /// What the data folder lies on.
    pub disk: Look<Disk>,
    /// The audit log.
    pub audit: Look<Audit>,
}

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The node's survey, or why there is none.
    pub survey: Result<&'a Survey, &'a str>,
    /// Its data folder.
    pub data: &'a Path,
    /// Where the machine's `/proc` and `/sys` are: `/` outside tests.
    pub root: &'a Path,
    /// The version of the program that is installed here.
    pub installed: &'a str,
}

/// Looks at a node; `audit` is what came of verifying its log.
#[must_use]
pub fn look(asked: &Asked<'_>, audit: Look<Audit>) -> Look<Node> {
    let survey = || asked.survey.map_err(str::to_owned);
    let read = ["read the node's survey"];
    let of = |found: Result<Settings, String>| Look { ran: read.map(Into::into).to_vec(), found };
    let process = survey().and_then(|survey| process::id(survey));
    let node = Node {
        settings: of(survey().map(|survey| survey.settings.clone())),
        milestones: match survey() {
            Ok(survey) => Look::seen(read, survey.milestones.clone()),
            Err(why) => Look::unseen(why),
        },
        data_keys: match survey() {
            Ok(survey) => Look::seen(read, survey.data_keys.clone()),
            Err(why) => Look::unseen(why),
        },
        files: files::look(asked.data, survey().ok().map(|survey| survey.settings.key_file.as_path())),
        process: process::look(asked.root, process.clone()),
        program: program::look(asked, process),
        disk: disk::look(asked.root, asked.data),
        audit,
    };
    Look::seen(["looked at the data folder, the node's process and what it says of itself"], node)
}

/// What it claims.
pub const CHECKS: &[&Check] = &[
    &files::PRIVATE,
    &files::KEYS,
    &files::KEY_APART,
    &files::OWNED,
    &files::SOCKET,
    &process::NOT_ROOT,
    &process::SANDBOXED,
    &process::NO_CORE,
    &program::KEPT,
    &program::CURRENT,
    &backup::RECENT,
    &backup::TRIED,
    &backup::KEY_COPIED,
    &disk::ENCRYPTED,
    &disk::SWAP,
    &setup::METRICS,
    &setup::TCP,
    &setup::LIMITS,
    &setup::EGRESS,
    &setup::CONTACT,
    &audit::CHAIN,
    &audit::HEADS,
    &audit::KEPT,
    &data_key::FRESH,
    &data_key::ONE,
];

/// A day, in milliseconds.
const DAY_MS: u64 = 24 * 3_600 * 1_000;

/// How many days ago something was; `None` where it never was.
fn days_ago(now_ms: u64, at_ms: Option<i64>) -> Option<u64> {
    let at = u64::try_from(at_ms?).unwrap_or(0);
    Some(now_ms.saturating_sub(at) / DAY_MS)
}
