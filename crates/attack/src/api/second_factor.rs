//! Second factors: a code used again, left out, guessed, and what asks for a fresh one.

use super::ground::{Ground, Step, Visitor, attack, code_of, expect, judged, refusal, untried};
use super::object::Property;
use super::routes;
use crate::case::{Case, Cost, Group, Outcome};
use crate::https::Ask;
use crate::target::Person;

/// A code, twice.
pub const CODE_TWICE: Case = Case {
    id: "api-second-factor-twice",
    group: Group::Token,
    tries: "Logs in with a code that was used a moment ago, as somebody does who looked over a shoulder.",
    expects: "It is refused, as is the one before it.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 16, code_twice),
};

/// Left out.
pub const SKIPPED: Case = Case {
    id: "api-second-factor-skipped",
    group: Group::Token,
    tries: "Logs in to an account that has a second factor with the password alone, by every way in, and with what the first step gave.",
    expects: "No token comes of it.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 17, skipped),
};

/// Guessed.
pub const GUESSED: Case = Case {
    id: "api-second-factor-guessed",
    group: Group::Token,
    tries: "Guesses at the codes of an account whose password is known.",
    expects: "After a few it has to wait.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 18, guessed),
};

/// Not fresh.
pub const NOT_FRESH: Case = Case {
    id: "api-no-fresh-second-factor",
    group: Group::Authorization,
    tries: "Calls every route that asks for a fresh second factor with a token that stands for none.",
    expects: "Each is refused.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 19, not_fresh),
};

/// So many wrong codes at most before one has to wait.
const MOST_WRONG: usize = 10;

/// The first step of a login: what the second is to bring back.
fn first_step(visitor: &mut Visitor<'_, '_>, person: &Person) -> Step<String> {
    let answer = visitor.password(person, &[])?;
    answer.text("mfa_token").ok_or_else(|| {
        untried(format!("the first step of a login led to no second: {}", refusal(&answer)))
    })
}

fn code_twice(ground: &Ground<'_>) -> Step<Outcome> {
    let person = ground.guarded(0)?;
    let mut visitor = ground.stranger(0)?;
    let first = first_step(&mut visitor, person)?;
    let (before, code) = (code_of(person, -1)?, code_of(person, 0)?);
    expect(visitor.second_factor(&first, &code)?, "a right code")?;
    let mut through = Vec::new();
    for (what, code) in [("the same code", &code), ("the code before it", &before)] {
        let step = first_step(&mut visitor, person)?;
        if visitor.second_factor(&step, code)?.is_success() {
            through.push(format!("{what} let somebody in after it was used"));
        }
    }
    if visitor.second_factor(&first, &code)?.is_success() {
        through.push("both steps of a login were good a second time".to_owned());
    }
    Ok(judged(&through, "a code was good once, and none before it after that"))
}

fn skipped(ground: &Ground<'_>) -> Step<Outcome> {
    let person = ground.guarded(1)?;
    let mut visitor = ground.stranger(0)?;
    let answer = visitor.password(person, &[])?;
    let mut through = Vec::new();
    if answer.is_success() {
        through.push("the password alone gave a token".to_owned());
    }
    let step = answer.text("mfa_token").unwrap_or_default();
    if !step.is_empty() && visitor.is_good(&step)? {
        through.push("what the first step gives is good for calling".to_owned());
    }
    for code in ["", "null", "false", "[]"] {
        if visitor.second_factor(&step, code)?.is_success() {
            through.push(format!("the code {code:?} let somebody in"));
        }
    }
    if visitor
        .password(person, &[("mfa_token", &step), ("grant_type", "password"), ("otp", "")])?
        .is_success()
    {
        through.push("a login with both steps in one and no code gave a token".to_owned());
    }
    // Somebody else's step with one's own code.
    let other = ground.guarded(2)?;
    let code = code_of(other, 1)?;
    if visitor.second_factor(&step, &code)?.is_success() {
        through.push("a code of one account let somebody into another".to_owned());
    }
    Ok(judged(&through, "without a code of the account's own nothing led to a token"))
}

fn guessed(ground: &Ground<'_>) -> Step<Outcome> {
    let person = ground.guarded(3)?;
    let mut visitor = ground.stranger(0)?;
    let step = first_step(&mut visitor, person)?;
    let good =
        [code_of(person, -1)?, code_of(person, 0)?, code_of(person, 1)?, code_of(person, 2)?];
    let wrong = (0..1_000_000).step_by(7_919).map(|number| format!("{number:06}"));
    let wrong = wrong.filter(|guess| !good.iter().any(|good| good.as_str() == guess));
    for (tried, guess) in wrong.take(MOST_WRONG + 1).enumerate() {
        let answer = visitor.second_factor(&step, &guess)?;
        if answer.status == 429 {
            return Ok(Outcome::held(format!("after {tried} wrong codes the next had to wait")));
        }
        if answer.is_success() {
            return Ok(Outcome::broke("a made-up code let somebody in"));
        }
    }
    Ok(Outcome::broke(format!("{} wrong codes were looked at one after the other", MOST_WRONG + 1)))
}

fn not_fresh(ground: &Ground<'_>) -> Step<Outcome> {
    let mut owner = ground.logged_in(0, ground.owner()?)?;
    let property = Property::make(ground, &mut owner)?;
    let parts = property.parts();
    let mut through = Vec::new();
    let all = routes::all(&mut owner)?.into_iter().filter(|operation| operation.is_fresh);
    for operation in all {
        let answer = owner.ask(&operation.ask(&parts))?;
        if !matches!(answer.status, 403 | 404) {
            through.push(format!(
                "{} answered {} without a second factor",
                operation.name(),
                answer.status
            ));
        }
    }
    let id = ground.device()?.id.as_str();
    let key = Ask::new("PUT", format!("/v1/keys/{id}")).form(&[("publicKey", "none")]);
    if owner.ask(&key)?.status != 403 {
        through.push("another key for a device was looked at without a second factor".to_owned());
    }
    property.remove(&mut owner)?;
    Ok(judged(
        &through,
        "every route that asks for a fresh second factor refused an owner who had proven none",
    ))
}
