//! `pintle checklist list` and `explain`: what there is to try.

use crate::failure::Failure;
use crate::say::say;
use pintle_checklist::{Check, check_named, checks};
use serde_json::{Value, json};

/// All checks.
pub fn list(as_json: bool) -> Result<(), Failure> {
    if as_json {
        let all: Vec<Value> = checks().map(value).collect();
        say!("{}", Value::Array(all));
        return Ok(());
    }
    for check in checks() {
        say!("{:<8} {:<42} {}", check.severity.name(), check.id, check.claim);
    }
    Ok(())
}

/// One check, in full.
pub fn one(id: &str) -> Result<(), Failure> {
    let check = check_named(id).ok_or_else(|| unknown(id))?;
    say!(
        "{}: {}, item {} ({})",
        check.id,
        check.severity.name(),
        check.item.number(),
        check.item.title()
    );
    say!("");
    say!("Claim     {}", check.claim);
    say!("Tried     {}", check.how);
    say!("Mended    {}", check.remedy);
    say!("Asked by  {}", anchors(check).join(", "));
    let risks: Vec<&str> = check.risks.iter().map(|risk| risk.title()).collect();
    say!("Risks     {}", risks.join(", "));
    say!("Evidence  evidence/{}.json", check.room.name());
    Ok(())
}

fn unknown(id: &str) -> Failure {
    let near: Vec<&str> =
        checks().map(|check| check.id).filter(|known| known.contains(id)).take(3).collect();
    match near.is_empty() {
        true => Failure::usage(format!("there is no check {id:?}: see `pintle checklist list`")),
        false => Failure::usage(format!("there is no check {id:?}; there is {}", near.join(", "))),
    }
}

fn anchors(check: &Check) -> Vec<String> {
    check
        .anchors
        .iter()
        .map(|anchor| format!("{} {}", anchor.standard.title(), anchor.id))
        .collect()
}

fn value(check: &Check) -> Value {
    json!({
        "check": check.id,
        "item": check.item,
        "severity": check.severity,
        "claim": check.claim,
        "how": check.how,
        "remedy": check.remedy,
        "anchors": anchors(check),
        "risks": check.risks,
        "room": check.room,
    })
}
