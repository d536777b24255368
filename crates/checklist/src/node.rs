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
use std::path::{Path, PathBuf};

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

/// A node, and what whoever starts a run found out of it before: what needs the node's own rooms.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its data folder; `None` where there is none to look at.
    pub data: Option<PathBuf>,
    /// Its survey, or why there is none.
    pub survey: Result<Box<Survey>, String>,
    /// What came of verifying its audit log.
    pub audit: Look<Audit>,
    /// The version of the program that is installed here.
    pub installed: String,
}

impl Source {
    /// No node, and why.
    #[must_use]
    pub fn none(why: &str) -> Self {
        Self {
            data: None,
            survey: Err(why.to_owned()),
            audit: Look::unseen(why),
            installed: String::new(),
        }
    }

    /// Its survey, or why there is none.
    ///
    /// # Errors
    /// Why, and what would help.
    pub fn survey(&self) -> Result<&Survey, String> {
        self.survey.as_deref().map_err(Clone::clone)
    }
}

impl Default for Source {
    fn default() -> Self {
        Self::none("no node was named: give its data folder with --data")
    }
}

/// Looks at a node; `root` is where the machine's `/proc` and `/sys` are, `/` outside tests.
#[must_use]
pub fn look(source: &Source, root: &Path) -> Look<Node> {
    let survey = || source.survey();
    let Some(data) = &source.data else {
        return Look::unseen(
            survey().err().unwrap_or_else(|| "no data folder was named".to_owned()),
        );
    };
    let process = survey().and_then(process::id);
    let key_file = survey().ok().map(|survey| survey.settings.key_file.clone());
    let node = Node {
        settings: told(source, |survey| survey.settings.clone()),
        milestones: told(source, |survey| survey.milestones.clone()),
        data_keys: told(source, |survey| survey.data_keys.clone()),
        files: files::look(data, key_file.as_deref()),
        process: process::look(root, process.clone()),
        program: program::look(source, root, process),
        disk: disk::look(root, data),
        audit: source.audit.clone(),
    };
    Look::seen(["looked at the data folder, the node's process and what it says of itself"], node)
}

/// A part of the survey.
fn told<T>(source: &Source, part: impl FnOnce(&Survey) -> T) -> Look<T> {
    match source.survey() {
        Ok(survey) => Look::seen(["read the node's survey"], part(survey)),
        Err(why) => Look::unseen(why),
    }
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
