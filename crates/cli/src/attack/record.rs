//! What came of a full run is kept in the node's data folder: the checklist asks when it was, and against which program.

use crate::args::AttackArgs;
use crate::checklist::RECORD;
use crate::failure::Failure;
use pintle_attack::Outcomes;
use pintle_checklist::penetration::{Attempts, Record, build_of};
use pintle_cloud::clock::now_ms;
use pintle_cloud::init::is_data_folder;
use std::path::{Path, PathBuf};

/// Where the outcomes of this run are kept, where it is a full one on a twin of a node.
pub fn place(args: &AttackArgs) -> Option<PathBuf> {
    let whole = args.full && args.only.is_empty() && super::weaken(args).is_none();
    (whole && is_data_folder(&args.target)).then(|| args.target.join(RECORD))
}

/// Keeps them.
pub fn keep(path: &Path, outcomes: &Outcomes) -> Result<(), Failure> {
    let program = std::env::current_exe().map_err(Failure::failed)?;
    let record = Record {
        build: build_of(&program).map_err(Failure::failed)?,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        at_ms: u64::try_from(now_ms()).unwrap_or(0),
        attempts: Attempts(outcomes.clone()),
    };
    let cannot =
        |error| Failure::failed(format!("cannot keep the record {}: {error}", path.display()));
    record.keep(path).map_err(cannot)
}
