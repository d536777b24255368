//! A keyring, for eyes and for programs.

use crate::failure::Failure;
use crate::say::say;
use crate::signing::document;
use crate::signing::expiry::{now, shown};
use crate::signing::key::algorithm;
use pintle_firmware::release::{Envelope, Keyring, ReleaseFault, Role};
use pintle_firmware::signature::AwsLc;
use serde_json::{Value, json};
use std::path::Path;

pub fn run(file: &Path, from: Option<&Path>, json: bool) -> Result<(), Failure> {
    let bytes = document::read(file)?;
    let (envelope, ring) = document::keyring(file, &bytes)?;
    let old = from.map(document::read).transpose()?;
    let old = match (from, &old) {
        (Some(path), Some(bytes)) => Some(document::pinned(path, bytes)?),
        _ => None,
    };
    match json {
        true => say!("{:#}", as_json(&envelope, &ring, old.as_ref())),
        false => table(&envelope, &ring, old.as_ref()),
    }
    Ok(())
}

/// All that keeps devices from taking it.
fn faults(
    envelope: &Envelope<'_>,
    ring: &Keyring<'_>,
    old: Option<&Keyring<'_>>,
) -> Vec<ReleaseFault> {
    let missing = |judge: &Keyring<'_>| {
        let wanted = judge.thresholds.root;
        let found = judge.count(envelope, Role::Root, &AwsLc);
        (found < wanted).then_some(ReleaseFault::Signatures { role: Role::Root, found, wanted })
    };
    let own = missing(ring);
    let mut faults: Vec<ReleaseFault> = own.into_iter().collect();
    if let Some(Err(fault)) = old.map(|old| old.follow(envelope, &AwsLc, now()))
        && !faults.contains(&fault)
    {
        faults.push(fault);
    }
    if now().is_past(ring.expiry) && !faults.contains(&ReleaseFault::Expired) {
        faults.push(ReleaseFault::Expired);
    }
    faults
}

fn has_signed(
    envelope: &Envelope<'_>,
    ring: &Keyring<'_>,
    old: Option<&Keyring<'_>>,
) -> Vec<String> {
    let rings = [Some(ring), old].into_iter().flatten();
    let roots = rings.flat_map(Keyring::keys).filter(|key| key.role == Role::Root);
    let signed = roots.filter(|key| envelope.is_signed_by(&key.public, &AwsLc));
    let mut ids: Vec<String> = signed.map(|key| key.public.id().to_string()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn as_json(envelope: &Envelope<'_>, ring: &Keyring<'_>, old: Option<&Keyring<'_>>) -> Value {
    let key = |key: pintle_firmware::release::Key<'_>| {
        json!({
            "id": key.public.id().to_string(),
            "role": key.role.to_string(),
            "algorithm": algorithm(&key.public),
        })
    };
    let faults = faults(envelope, ring, old);
    json!({
        "product": ring.product,
        "number": ring.number,
        "expires": shown(ring.expiry),
        "thresholds": {
            "root": ring.thresholds.root,
            "release": ring.thresholds.release,
            "review": ring.thresholds.review,
        },
        "keys": ring.keys().map(key).collect::<Vec<_>>(),
        "signed_by": has_signed(envelope, ring, old),
        "size": envelope.as_bytes().len(),
        "holds": faults.is_empty(),
        "reasons": faults.iter().map(|fault| json!({ "code": fault.code(), "reason": fault.to_string() })).collect::<Vec<_>>(),
    })
}

/// What is printed without `--json`.
pub fn table(envelope: &Envelope<'_>, ring: &Keyring<'_>, old: Option<&Keyring<'_>>) {
    let row = |name: &str, value: &dyn std::fmt::Display| say!("{name:<14}{value}");
    row("product", &ring.product);
    row("number", &ring.number);
    row("expires", &shown(ring.expiry));
    for role in Role::ALL {
        let keys: Vec<String> = ring
            .keys()
            .filter(|key| key.role == role)
            .map(|key| key.public.id().to_string())
            .collect();
        if !keys.is_empty() {
            let wanted = ring.thresholds.of(role);
            row(
                &role.to_string(),
                &format_args!("{wanted} of {}: {}", keys.len(), keys.join(", ")),
            );
        }
    }
    row("signed by", &has_signed(envelope, ring, old).join(", "));
    row("size", &format_args!("{} bytes", envelope.as_bytes().len()));
    let faults = faults(envelope, ring, old);
    row("holds", &if faults.is_empty() { "yes" } else { "no" });
    for fault in faults {
        row("", &format_args!("{}: {fault}", fault.code()));
    }
    if old.is_none() && ring.number > 1 {
        row("", &"--from OLD says whether devices that have the keyring before will follow");
    }
}
