//! `pintle checklist pack`: the customer pack around a report.

use super::{key, sources};
use crate::args::ChecklistPackArgs;
use crate::failure::Failure;
use crate::say::say;
use pintle_checklist::bundle;
use pintle_checklist::manifest::{self, Manifest};
use pintle_checklist::pack::{Enclosure, pack};
use pintle_checklist::verify::verify;
use std::fs;
use std::path::Path;

pub fn run(args: &ChecklistPackArgs) -> Result<(), Failure> {
    let data = sources::data(args.data.as_deref())?;
    bundle::check(&args.out).map_err(Failure::usage)?;
    // A report that somebody changed is not handed on.
    verify(&args.report, None).map_err(Failure::usage)?;
    let paths = paths(&args.report)?;
    let packed = pack(&args.report, paths.iter().map(String::as_str), enclosures(args)?);
    let packed = packed.map_err(Failure::usage)?;
    let key = key::of_node(data.as_deref());
    packed.write(&args.out, key.as_ref().ok()).map_err(Failure::failed)?;
    say!("The customer pack is in {}: begin with README.md", args.out.display());
    if let Err(why) = key {
        say!("Nobody signed it: {why}");
    }
    Ok(())
}

/// The files of a report, with those that show that it is one.
fn paths(report: &Path) -> Result<Vec<String>, Failure> {
    let text = read(&report.join(manifest::FILE))?;
    let listed = Manifest::parse(&String::from_utf8_lossy(&text)).map_err(Failure::usage)?;
    let mut paths: Vec<String> = listed.files().map(|(path, _)| path.to_owned()).collect();
    let own =
        [manifest::FILE, pintle_checklist::sign::SIGNATURE_FILE, pintle_checklist::sign::KEY_FILE];
    paths.extend(own.into_iter().filter(|own| report.join(own).is_file()).map(str::to_owned));
    Ok(paths)
}

fn enclosures(args: &ChecklistPackArgs) -> Result<Vec<Enclosure>, Failure> {
    let mut enclosures = Vec::new();
    for (index, path) in args.sbom.iter().enumerate() {
        let name = format!("sbom-{}.json", index + 1);
        let what = "what the product is made of (SBOM)".into();
        enclosures.push(Enclosure { name, what, content: json(path)? });
    }
    if let Some(path) = &args.attack {
        let what = "the last penetration run: what it tried, against which build, what came of it";
        let (name, what) = ("penetration.json".into(), what.into());
        enclosures.push(Enclosure { name, what, content: json(path)? });
    }
    Ok(enclosures)
}

/// A file that says that it is JSON.
fn json(path: &Path) -> Result<Vec<u8>, Failure> {
    let content = read(path)?;
    let parsed: Result<serde_json::Value, _> = serde_json::from_slice(&content);
    parsed.map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    Ok(content)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}
