//! `pintle checklist verify`.

use crate::args::ChecklistVerifyArgs;
use crate::failure::Failure;
use crate::say::say;
use pintle_checklist::sign::PublicKey;
use pintle_checklist::verify::{Signer, VerifyError, verify};
use std::fs;
use std::path::Path;

pub fn run(args: &ChecklistVerifyArgs) -> Result<(), Failure> {
    let key = args.key.as_deref().map(read).transpose()?;
    let verified = verify(&args.folder, key.as_ref()).map_err(|error| match error {
        VerifyError::NoReport(_) | VerifyError::Read { .. } => Failure::usage(error),
        error => Failure::failed(error),
    })?;
    let files = verified.files;
    match verified.signer {
        Signer::Trusted(key) => {
            say!("{files} files are as they were signed, by the key that was named: {key}");
        }
        Signer::Enclosed(key) => {
            say!("{files} files are as they were signed, by the key {key}");
            say!(
                "That key came with the report. Compare it with what `pintle checklist key` prints at the node, or name \
                 one with --key"
            );
        }
        Signer::Nobody => {
            return Err(Failure::failed(format!(
                "{files} files are as the manifest says, and nobody signed it: whoever changed one could have changed both"
            )));
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<PublicKey, Failure> {
    let told = |why: &dyn std::fmt::Display| Failure::usage(format!("{}: {why}", path.display()));
    let pem = fs::read_to_string(path).map_err(|error| told(&error))?;
    PublicKey::from_pem(&pem).map_err(|error| told(&error))
}
