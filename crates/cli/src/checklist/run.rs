//! `pintle checklist run`.

use super::{difference, key, progress, sources, summary};
use crate::args::ChecklistRunArgs;
use crate::failure::Failure;
use crate::say::say;
use crate::twin::cradle::Cradle;
use pintle_checklist::bundle;
use pintle_checklist::report::page;
use pintle_checklist::sign::SigningKey;
use pintle_checklist::trend::{Trend, keep};
use pintle_checklist::{Report, Run};
use std::path::Path;
use std::process::ExitCode;

pub fn run(args: &ChecklistRunArgs, cradle: &Cradle) -> Result<ExitCode, Failure> {
    let data = sources::data(args.data.as_deref())?;
    if let Some(out) = &args.out {
        bundle::check(out).map_err(Failure::usage)?;
    }
    let sources = sources::gather(args, data.as_deref(), cradle)?;
    let run = pintle_checklist::run(sources, &mut progress::shown()).map_err(Failure::failed)?;
    let trend = args.keep.as_deref().map(|folder| kept(folder, &run.report)).transpose()?;
    match args.json {
        true => say!("{}", run.report.to_json().map_err(Failure::failed)?.trim_end()),
        false => tell(&run.report, trend.as_ref()),
    }
    if let Some(out) = &args.out {
        write(out, &run, trend, data.as_deref(), args.json)?;
    }
    Ok(ExitCode::from(run.report.exit_code()))
}

fn kept(folder: &Path, report: &Report) -> Result<Trend, Failure> {
    let trend = Trend::with(folder, report).map_err(Failure::usage)?;
    keep(folder, report).map_err(Failure::failed)?;
    Ok(trend)
}

fn tell(report: &Report, trend: Option<&Trend>) {
    summary::print(report);
    if let Some(change) = trend.and_then(|trend| trend.change.as_ref()) {
        say!("Since the last run:");
        difference::print(change);
    }
}

fn write(
    out: &Path,
    run: &Run,
    trend: Option<Trend>,
    data: Option<&Path>,
    quiet: bool,
) -> Result<(), Failure> {
    let key = key::of_node(data);
    let signer = key.as_ref().ok().map(SigningKey::public).transpose().map_err(Failure::failed)?;
    let beside =
        page::Beside { signer: signer.map(|key| key.to_string()), trend, graph: run.graph.clone() };
    let bundle = run.bundle(beside).map_err(Failure::failed)?;
    bundle.write(out, key.as_ref().ok()).map_err(Failure::failed)?;
    if !quiet {
        say!("The report: {}", out.join(page::FILE).display());
        match (signer, key) {
            (Some(signer), _) => say!("Signed by the key {signer}"),
            (None, Err(why)) => say!("Nobody signed it: {why}"),
            (None, Ok(_)) => {}
        }
    }
    Ok(())
}
