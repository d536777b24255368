//! What a run is given to look at, from what was typed.

use super::profile;
use crate::args::{ChecklistRunArgs, ChecklistTarget};
use crate::failure::Failure;
use pintle_checklist::{Aim, Sources};
use pintle_cloud::clock::now_ms;
use pintle_cloud::init::is_data_folder;
use std::path::{Path, PathBuf};

/// The data folder that is taken where none is named: that of `pintle quickstart`.
const DATA: &str = "pintle-data";

/// Looks that everything that was named is there.
pub fn gather(args: &ChecklistRunArgs) -> Result<Sources, Failure> {
    folder("--root", &args.root)?;
    args.projects.iter().try_for_each(|path| folder("--project", path))?;
    args.advisories.iter().try_for_each(|path| folder("--advisories", path))?;
    args.modules.iter().try_for_each(|path| file("--module", path))?;
    let _data = data(args.data.as_deref())?;
    Ok(Sources {
        aim: aim(args.target),
        now_ms: u64::try_from(now_ms()).unwrap_or(0),
        profile: profile::read(args.profile.as_deref())?,
        root: args.root.clone(),
        modules: args.modules.clone(),
        projects: args.projects.clone(),
        advisories: args.advisories.clone(),
    })
}

/// The data folder: the one that was named, or the usual one where it is there.
pub fn data(named: Option<&Path>) -> Result<Option<PathBuf>, Failure> {
    match named {
        Some(path) if is_data_folder(path) => Ok(Some(path.to_owned())),
        Some(path) => Err(Failure::usage(format!(
            "{} is not a data folder: make one with `pintle init`, or name another with --data",
            path.display()
        ))),
        None => Ok(Some(PathBuf::from(DATA)).filter(|path| is_data_folder(path))),
    }
}

fn aim(target: ChecklistTarget) -> Aim {
    match target {
        ChecklistTarget::Device => Aim::Device,
        ChecklistTarget::Host => Aim::Host,
        ChecklistTarget::Cloud => Aim::Cloud,
        ChecklistTarget::Product => Aim::Product,
    }
}

fn folder(flag: &str, path: &Path) -> Result<(), Failure> {
    match path.is_dir() {
        true => Ok(()),
        false => Err(Failure::usage(format!("{flag} {}: there is no such folder", path.display()))),
    }
}

fn file(flag: &str, path: &Path) -> Result<(), Failure> {
    match path.is_file() {
        true => Ok(()),
        false => Err(Failure::usage(format!("{flag} {}: there is no such file", path.display()))),
    }
}
