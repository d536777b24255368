//! What is said of attacks and of what came of them.

use crate::say::say;
use pintle_attack::{Case, Cost, Outcome, Outcomes};
use serde_json::{Value, json};
use std::io::{self, IsTerminal as _, Write as _};

/// The attacks that there are.
pub fn list(chosen: &[&Case], as_json: bool) {
    if as_json {
        let all: Vec<Value> = chosen.iter().map(|case| described(case)).collect();
        say!("{}", json!({ "cases": all }));
        return;
    }
    for case in chosen {
        let cost = if case.cost == Cost::Quick { "quick" } else { "full" };
        say!("{:34} {cost:5}  {}", case.id, case.tries);
    }
}

fn described(case: &Case) -> Value {
    json!({
        "id": case.id,
        "group": case.group,
        "cost": case.cost,
        "tries": case.tries,
        "expects": case.expects,
    })
}

/// One attack begins, or is over: on a terminal its name stands there while it is under way.
pub fn progress(case: &Case, outcome: Option<&Outcome>) {
    let mut terminal = io::stderr();
    if outcome.is_none() && terminal.is_terminal() {
        // It is only for who looks on.
        let _ = write!(terminal, "\r\x1b[K{} ...", case.id).and_then(|()| terminal.flush());
    } else if terminal.is_terminal() {
        let _ = write!(terminal, "\r\x1b[K").and_then(|()| terminal.flush());
    }
}

/// What came of them.
pub fn outcomes(chosen: &[&Case], outcomes: &Outcomes, as_json: bool) {
    if as_json {
        let with = |case: &&Case| {
            let mut one = described(case);
            if let (Some(one), Ok(Value::Object(outcome))) =
                (one.as_object_mut(), serde_json::to_value(outcomes.get(case.id)))
            {
                one.extend(outcome);
            }
            one
        };
        say!("{}", json!({ "cases": chosen.iter().map(with).collect::<Vec<_>>() }));
        return;
    }
    for case in chosen {
        let (word, said) = match outcomes.get(case.id) {
            Some(Outcome::Held { seen }) => ("held", seen.as_str()),
            Some(Outcome::Broke { seen }) => ("BROKE", seen.as_str()),
            Some(Outcome::Untried { why }) => ("not tried", why.as_str()),
            None => continue,
        };
        say!("{word:9} {:34} {said}", case.id);
    }
    let count = |is: fn(&Outcome) -> bool| outcomes.values().filter(|outcome| is(outcome)).count();
    say!(
        "{} held, {} broke, {} not tried",
        count(|outcome| matches!(outcome, Outcome::Held { .. })),
        count(|outcome| matches!(outcome, Outcome::Broke { .. })),
        count(|outcome| matches!(outcome, Outcome::Untried { .. })),
    );
}
