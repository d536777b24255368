//! A release, for eyes and for programs.

use crate::args::ShowArgs;
use crate::failure::Failure;
use crate::say::say;
use crate::signing::document;
use crate::signing::expiry::{now, shown};
use crate::signing::standing::{self, Signer, followed, signers};
use pintle_firmware::module::Dependency;
use pintle_firmware::release::{Keyring, Release, ReleaseFault, Statement};
use serde_json::{Value, json};

pub fn run(args: &ShowArgs) -> Result<(), Failure> {
    let bytes = document::read(&args.file)?;
    let statement = document::statement(&args.file, &bytes)?;
    let said = Release::unverified(&statement.release());
    let said = said.map_err(|fault| document::refused(&args.file, fault))?;
    let ring = args.keyring.as_deref().map(document::read).transpose()?;
    let ring = match (&args.keyring, &ring) {
        (Some(path), Some(bytes)) => Some(document::pinned(path, bytes)?),
        _ => None,
    };
    match args.json {
        true => say!("{:#}", as_json(&statement, &said, ring.as_ref())),
        false => table(&statement, &said, ring.as_ref()),
    }
    Ok(())
}

fn as_json(statement: &Statement<'_>, said: &Release, pinned: Option<&Keyring<'_>>) -> Value {
    let faults = pinned.map(|pinned| standing::faults(statement, pinned, now()));
    let ring = pinned.map(|pinned| followed(statement, *pinned).0);
    let mut all = described(said);
    if let Value::Object(all) = &mut all {
        let numbers = statement.keyrings().filter_map(|one| Keyring::unverified(&one).ok());
        let numbers: Vec<u32> = numbers.map(|ring| ring.number).collect();
        let signed = signers(&statement.release(), ring.as_ref());
        all.insert("keyrings".to_owned(), json!(numbers));
        all.insert("signed_by".to_owned(), signed.iter().map(signer).collect());
        all.insert("holds".to_owned(), json!(faults.as_ref().map(Vec::is_empty)));
        all.insert("reasons".to_owned(), faults.unwrap_or_default().iter().map(reason).collect());
    }
    all
}

/// What a release says.
pub fn described(said: &Release) -> Value {
    let minimum = |one: &Dependency| json!({ "function": one.function.0, "index": one.index, "version": one.version });
    json!({
        "product_id": said.product,
        "product_version": said.version,
        "platform_id": said.platform.0,
        "counter": said.counter,
        "number": said.number,
        "sha256": said.digest.to_string(),
        "length": said.length,
        "over": said.over,
        "minimums": said.minimums.iter().flatten().map(minimum).collect::<Vec<_>>(),
        "expires": shown(said.expiry),
    })
}

fn signer(one: &Signer) -> Value {
    json!({
        "key": one.key.to_string(),
        "role": one.role.map(|role| role.to_string()),
        "holds": one.holds,
    })
}

fn reason(fault: &ReleaseFault) -> Value {
    json!({ "code": fault.code(), "reason": fault.to_string() })
}

/// What is printed without `--json`; with a keyring, also what it makes of it.
pub fn table(statement: &Statement<'_>, said: &Release, pinned: Option<&Keyring<'_>>) {
    let row = |name: &str, value: &dyn std::fmt::Display| say!("{name:<14}{value}");
    row("product", &format_args!("{} version {}", said.product, said.version));
    row("platform", &said.platform);
    row("counter", &said.counter);
    row("number", &said.number);
    row("sha256", &said.digest);
    row("length", &format_args!("{} bytes", said.length));
    if said.over > 0 {
        row("goes over", &format_args!("product version {} and later", said.over));
    }
    for one in said.minimums.iter().flatten() {
        row("needs", one);
    }
    row("expires", &shown(said.expiry));
    for ring in statement.keyrings().filter_map(|one| Keyring::unverified(&one).ok()) {
        row("brings", &format_args!("keyring {}", ring.number));
    }
    let ring = pinned.map(|pinned| followed(statement, *pinned).0);
    for one in signers(&statement.release(), ring.as_ref()) {
        row("signed by", &signature(&one, ring.is_some()));
    }
    let Some(pinned) = pinned else { return };
    let faults = standing::faults(statement, pinned, now());
    row("holds", &if faults.is_empty() { "yes" } else { "no" });
    for fault in faults {
        row("", &format_args!("{}: {fault}", fault.code()));
    }
}

fn signature(one: &Signer, has_keyring: bool) -> String {
    match (one.role, one.holds) {
        (Some(role), Some(true)) => format!("{} ({role})", one.key),
        (Some(role), _) => format!("{} ({role}), and the signature does not hold", one.key),
        (None, _) if has_keyring => format!("{}, which the keyring does not have", one.key),
        (None, _) => one.key.to_string(),
    }
}
