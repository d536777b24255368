//! What a run is given to look at, from what was typed.

use super::{ground, inventory, node, profile};
use crate::args::{ChecklistRunArgs, ChecklistTarget};
use crate::failure::Failure;
use crate::twin::cradle::Cradle;
use pintle_checklist::{Aim, Sources};
use pintle_cloud::clock::now_ms;
use pintle_cloud::init::is_data_folder;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The data folder that is taken where none is named: that of `pintle quickstart`.
const DATA: &str = "pintle-data";

/// Looks that everything that was named is there.
pub fn gather(
    args: &ChecklistRunArgs,
    data: Option<&Path>,
    cradle: &Cradle,
) -> Result<Sources, Failure> {
    folder("--root", &args.root)?;
    args.projects.iter().try_for_each(|path| folder("--project", path))?;
    args.advisories.iter().try_for_each(|path| folder("--advisories", path))?;
    args.modules.iter().try_for_each(|path| file("--module", path))?;
    let aim = aim(args.target);
    let now_ms = u64::try_from(now_ms()).unwrap_or(0);
    args.sboms.iter().try_for_each(|path| file("--sbom", path))?;
    args.vex.iter().try_for_each(|path| file("--vex", path))?;
    Ok(Sources {
        profile: profile::read(args.profile.as_deref())?,
        modules: args.modules.clone(),
        projects: args.projects.clone(),
        advisories: args.advisories.clone(),
        ground: ground::of(data, args.profile.as_deref(), cradle, aim),
        sboms: args.sboms.clone(),
        vex: args.vex.clone(),
        cargo_home: inventory::cargo_home(),
        own: Some(inventory::own()),
        node: node::ask(data),
        ..Sources::new(aim, now_ms, args.root.clone())
    })
}

/// The data folder: the one that was named, or the usual one where it is there.
pub fn data(named: Option<&Path>) -> Result<Option<PathBuf>, Failure> {
    match named {
        Some(path) if is_data_folder(path) || is_closed(path) => Ok(Some(path.to_owned())),
        Some(path) => Err(Failure::usage(format!(
            "{} is not a data folder: make one with `pintle init`, or name another with --data",
            path.display()
        ))),
        None => Ok(Some(PathBuf::from(DATA)).filter(|path| is_data_folder(path))),
    }
}

/// A folder that only its owner may look into: what is in it is then not tried, and said to be so.
fn is_closed(path: &Path) -> bool {
    fs::read_dir(path).is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
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
