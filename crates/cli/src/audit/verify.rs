//! `pintle audit verify`.

use crate::args::AuditVerifyArgs;
use crate::failure::Failure;
use crate::say::say;
use pintle_cloud::audit::check::{self, CheckError};
use pintle_cloud::audit::{Head, Report, Trust, heads};
use pintle_cloud::store::StoreError;

pub fn run(args: &AuditVerifyArgs) -> Result<(), Failure> {
    let trust = Trust { keys: args.keys.clone(), heads: known_heads(args)?, ..Trust::default() };
    let report = match (&args.data, &args.export) {
        (Some(data), _) => check::store(data, trust),
        (None, Some(export)) => check::export(export, trust).map_err(|error| {
            CheckError::Io(std::io::Error::other(format!("{}: {error}", export.display())))
        }),
        (None, None) => return Err(Failure::usage("nothing to verify: --data or --export")),
    };
    let report = report.map_err(failure)?;
    match args.json {
        true => say!("{}", json(&report)),
        false => print(&report, args.keys.is_empty()),
    }
    match report.findings.first() {
        None => Ok(()),
        Some(first) => Err(Failure::failed(first)),
    }
}

fn known_heads(args: &AuditVerifyArgs) -> Result<Vec<Head>, Failure> {
    let mut known = args.each_head.clone();
    for path in &args.heads {
        known.extend(heads::read(path).map_err(Failure::usage)?);
    }
    Ok(known)
}

fn failure(error: CheckError) -> Failure {
    match error {
        CheckError::Io(_) | CheckError::Store(StoreError::Open { .. }) => Failure::usage(error),
        error => Failure::failed(error),
    }
}

fn json(report: &Report) -> serde_json::Value {
    serde_json::json!({
        "sound": report.is_sound(),
        "entries": report.entries,
        "head": report.head.to_string(),
        "first_key": report.first_key.map(|key| key.to_string()),
        "removed_up_to": report.cut,
        "findings": report.findings.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn print(report: &Report, untrusted: bool) {
    report.findings.iter().skip(1).for_each(|finding| say!("{finding}"));
    if !report.is_sound() {
        return;
    }
    say!("{} entries, each as it was written.", report.entries);
    if report.cut > 0 {
        say!("Entries up to {} were removed because of their age.", report.cut);
    }
    say!("  head       {}", report.head);
    if let Some(key) = report.first_key {
        say!("  first key  {key}");
        if untrusted {
            say!(
                "Compare the first key with the one that `pintle init` printed, or give that with --key."
            );
        }
    }
    say!(
        "Keep the head somewhere else: --head finds out whether this log was cut short or written anew since."
    );
}
