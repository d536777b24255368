//! `pintle firmware verify`: everything that keeps a module from being installed.

use super::read;
use crate::args::VerifyArgs;
use crate::failure::Failure;
use crate::release::described;
use crate::say::say;
use crate::signing::document::{self, beside, refused};
use crate::signing::expiry::now;
use crate::signing::key::Public;
use crate::signing::standing;
use pintle_firmware::module::Module;
use pintle_firmware::release::{Envelope, Release, ReleaseFault};
use pintle_firmware::signature::AwsLc;
use serde_json::json;

/// A reason: its code, and a sentence.
type Reason = (&'static str, String);

pub fn run(args: &VerifyArgs) -> Result<(), Failure> {
    let file = read(&args.file)?;
    let module = Module::read(&file).map_err(|why| refused(&args.file, why))?;
    let path = args.release.clone().unwrap_or_else(|| beside(&args.file, ".release"));
    let bytes = document::read(&path)?;
    let statement = document::statement(&path, &bytes)?;
    let release = statement.release();
    let said = Release::unverified(&release).map_err(|fault| refused(&path, fault))?;

    let mut reasons: Vec<Reason> =
        module.faults().iter().map(|fault| (fault.code(), fault.to_string())).collect();
    let mut faults: Vec<ReleaseFault> = Vec::new();
    faults.extend(said.is_about(&file).err());
    faults.extend(said.matches(&module).err());
    if let Some(path) = &args.keyring {
        let bytes = document::read(path)?;
        faults.extend(standing::faults(&statement, &document::pinned(path, &bytes)?, now()));
    } else if now().is_past(said.expiry) {
        faults.push(ReleaseFault::Expired);
    }
    reasons.extend(faults.iter().map(|fault| (fault.code(), fault.to_string())));
    reasons.extend(missing(args, &release)?);
    tell(args, &said, &reasons);
    match reasons.as_slice() {
        [] => Ok(()),
        [(_, one)] => Err(Failure::failed(format!("{}: {one}", args.file.display()))),
        [(_, first), more @ ..] => {
            let (file, more) = (args.file.display(), more.len());
            Err(Failure::failed(format!("{file}: {first}; and {more} more")))
        }
    }
}

/// The keys that should have signed and have not.
fn missing(args: &VerifyArgs, release: &Envelope<'_>) -> Result<Vec<Reason>, Failure> {
    let mut reasons = Vec::new();
    for path in &args.keys {
        let key = Public::read(path)?;
        if !release.is_signed_by(&key.borrowed(), &AwsLc) {
            let why = format!("key {} ({}) has not signed it", key.id(), path.display());
            reasons.push(("not-signed", why));
        }
    }
    Ok(reasons)
}

fn tell(args: &VerifyArgs, said: &Release, reasons: &[Reason]) {
    if args.json {
        let reason = |(code, why): &Reason| json!({ "code": code, "reason": why });
        let reasons: Vec<_> = reasons.iter().map(reason).collect();
        let release = described(said);
        say!(
            "{:#}",
            json!({ "holds": reasons.is_empty(), "release": release, "reasons": reasons })
        );
        return;
    }
    match reasons.is_empty() {
        true => say!(
            "holds: product {} version {} for {}, counter {}, release {}",
            said.product,
            said.version,
            said.platform,
            said.counter,
            said.number
        ),
        false => reasons.iter().for_each(|(code, why)| say!("{code}: {why}")),
    }
}
