//! `pintle checklist sbom` and `vex`: what a product is made of, and what its maker says about it.

use crate::args::{PartsArgs, SbomArgs, SbomFormat, VexArgs, VexForm};
use crate::failure::Failure;
use crate::say::say;
use pintle_checklist::dependency::component::Bom;
use pintle_checklist::dependency::{self, Asked, Dependencies, sbom, vex};
use pintle_cloud::clock::now_ms;
use std::fs;
use std::path::{Path, PathBuf};

/// What this program is made of, and its version.
pub fn own() -> (String, String) {
    let lock = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock"));
    (lock.into(), env!("CARGO_PKG_VERSION").into())
}

/// Where Cargo keeps what it fetched, on a machine that has it.
pub fn cargo_home() -> Option<PathBuf> {
    let named = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let usual = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo"));
    named.or_else(usual).filter(|home| home.join("registry").is_dir())
}

pub fn sbom(args: &SbomArgs) -> Result<(), Failure> {
    let found = look(asked(&args.parts), &args.parts)?;
    let bom = named(&found, args)?;
    let format = match args.format {
        SbomFormat::Cyclonedx => sbom::Format::CycloneDx,
        SbomFormat::Spdx => sbom::Format::Spdx,
    };
    let text = sbom::write(&bom, format, now()).map_err(Failure::failed)?;
    put(args.parts.out.as_deref(), &text)
}

pub fn vex(args: &VexArgs) -> Result<(), Failure> {
    let advisories = args.advisories.clone();
    let asked = Asked { advisories, vex: args.vex.clone(), ..asked(&args.parts) };
    let found = look(asked, &args.parts)?;
    let statements = vex::draft(&found).map_err(Failure::usage)?;
    let format = match args.format {
        VexForm::Openvex => vex::VexFormat::OpenVex,
        VexForm::Cyclonedx => vex::VexFormat::CycloneDx,
    };
    let text = vex::write(&statements, format, &args.author, now()).map_err(Failure::failed)?;
    put(args.parts.out.as_deref(), &text)
}

fn asked(parts: &PartsArgs) -> Asked {
    Asked {
        root: parts.root.clone(),
        projects: parts.projects.clone(),
        modules: parts.modules.clone(),
        sboms: parts.sboms.clone(),
        cargo_home: cargo_home(),
        own: parts.own.then(own),
        ..Asked::default()
    }
}

/// Whoever names something is told where it cannot be read: nothing is left out of a document in silence.
fn look(asked: Asked, parts: &PartsArgs) -> Result<Dependencies, Failure> {
    let found = dependency::look(&asked).found;
    let found = found.map_err(|_| {
        Failure::usage("name what it is to be of: --project, --root, --module, --sbom or --own")
    })?;
    if let Some(first) = found.unread.first() {
        return Err(Failure::usage(first));
    }
    if let Some(first) = found.unlocked.first() {
        return Err(Failure::usage(format!("{first}: make the lock file first")));
    }
    match (&parts.root, &found.debian.found) {
        (Some(_), Err(why)) => Err(Failure::usage(why)),
        _ => Ok(found),
    }
}

/// One document of all parts.
fn named(found: &Dependencies, args: &SbomArgs) -> Result<Bom, Failure> {
    let version = args.of_version.as_deref().unwrap_or_default();
    let boms = || found.parts.iter().map(|part| &part.bom);
    match (&args.name, found.parts.as_slice()) {
        (Some(name), _) => Ok(Bom::of_all(name, version, boms())),
        (None, [part]) => Ok(part.bom.clone()),
        (None, parts) => {
            let names: Vec<&str> = parts.iter().map(|part| part.of.as_str()).collect();
            let names = names.join(", ");
            Err(Failure::usage(format!(
                "several parts ({names}): say with --name what they make up"
            )))
        }
    }
}

fn now() -> u64 {
    u64::try_from(now_ms()).unwrap_or_default()
}

fn put(out: Option<&Path>, text: &str) -> Result<(), Failure> {
    let Some(path) = out else {
        say!("{}", text.trim_end());
        return Ok(());
    };
    fs::write(path, text).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}
