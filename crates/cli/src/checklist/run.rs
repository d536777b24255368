//! `pintle checklist run`.

use super::{progress, sources, summary};
use crate::args::ChecklistRunArgs;
use crate::failure::Failure;
use crate::say::say;
use pintle_checklist::Run;
use std::process::ExitCode;

pub fn run(args: &ChecklistRunArgs) -> Result<ExitCode, Failure> {
    let sources = sources::gather(args)?;
    let run = pintle_checklist::run(sources, &mut progress::shown()).map_err(Failure::failed)?;
    match args.json {
        true => say!("{}", as_json(&run)?),
        false => summary::print(&run.report),
    }
    Ok(ExitCode::from(run.report.exit_code()))
}

fn as_json(run: &Run) -> Result<String, Failure> {
    serde_json::to_string_pretty(&run.report).map_err(Failure::failed)
}
