//! `pintle checklist init`: a profile drafted from what is found, for somebody who knows the product to read.

use crate::args::ChecklistInitArgs;
use crate::failure::Failure;
use crate::say::say;
use pintle_checklist::profile::{Profile, draft};
use pintle_checklist::{Scene, application, system};
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};

pub fn run(args: &ChecklistInitArgs) -> Result<(), Failure> {
    if !args.root.is_dir() {
        return Err(Failure::usage(format!(
            "--root {}: there is no such folder",
            args.root.display()
        )));
    }
    let scene = Scene {
        system: system::look(&args.root, &Profile::default()),
        application: application::look(&args.root, &[]),
        ..Scene::default()
    };
    let text = draft::draft(&args.name, &scene);
    write(args, &text)?;
    let lines = text.lines().filter(|line| line.ends_with(draft::MARK)).count();
    say!(
        "{} is drafted: {lines} lines, each to be confirmed by somebody who knows the product.",
        args.file.display()
    );
    say!(
        "Read them, correct them, and take their keys out of please-confirm; then `pintle checklist run`."
    );
    Ok(())
}

/// Writes the draft into a new file: what somebody confirmed is not overwritten.
fn write(args: &ChecklistInitArgs, text: &str) -> Result<(), Failure> {
    let path = args.file.display();
    let opened = OpenOptions::new().write(true).create_new(true).open(&args.file);
    let mut file = opened.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::usage(format!(
            "{path} is there already: move it away, or name another file with --profile"
        )),
        _ => Failure::usage(format!("{path} cannot be written: {error}")),
    })?;
    file.write_all(text.as_bytes()).map_err(|error| Failure::failed(format!("{path}: {error}")))
}
