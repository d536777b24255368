//! Guessing at passwords and at names.

use super::ground::{Ground, Step, attack, judged, refusal, untried};
use crate::case::{Case, Cost, Group, Outcome};
use crate::https::{Answer, Ask};

/// From one address.
pub const ONE_ADDRESS: Case = Case {
    id: "api-guessing-from-one-address",
    group: Group::Token,
    tries: "Guesses at the passwords of many names from one address.",
    expects: "After a few wrong ones it has to wait.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 20, one_address),
};

/// From many addresses.
pub const MANY_ADDRESSES: Case = Case {
    id: "api-guessing-from-many-addresses",
    group: Group::Token,
    tries: "Guesses at the password of one account, each time from another address.",
    expects: "After a few wrong ones all of them have to wait.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 21, many_addresses),
};

/// Names.
pub const NAMES: Case = Case {
    id: "api-names-told",
    group: Group::Token,
    tries: "Asks for a login and for a new password, for names that there are and names that there are not.",
    expects: "The answers are the same.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 22, names),
};

/// Passwords that guessers try.
pub const WEAK_PASSWORDS: Case = Case {
    id: "api-weak-passwords",
    group: Group::Token,
    tries: "Changes one's password to the first ones that guessers try.",
    expects: "None of them is taken.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 23, weak_passwords),
};

/// So many wrong ones at most, before one has to wait.
const MOST_WRONG: u16 = 20;
const WRONG: &str = "not anybody's password";

fn one_address(ground: &Ground<'_>) -> Step<Outcome> {
    let mut guesser = ground.stranger(0)?;
    for tried in 0..=MOST_WRONG {
        let answer = guesser.guess(&format!("nobody-{tried}@attack.invalid"), WRONG, &[])?;
        if answer.status == 429 {
            return Ok(Outcome::held("after a few wrong passwords the address had to wait"));
        }
        looked_at(&answer)?;
    }
    Ok(Outcome::broke(format!(
        "{} wrong passwords from one address were looked at",
        MOST_WRONG + 1
    )))
}

fn many_addresses(ground: &Ground<'_>) -> Step<Outcome> {
    let person = ground.bystander()?;
    let host = ground.target.api.as_deref().unwrap_or_default();
    if !host.contains("127.0.0.") {
        return Err(untried(
            "there is one address to come from: only a target on 127.0.0.0/8 can be tried from many",
        ));
    }
    for tried in 0..=MOST_WRONG {
        let answer = ground.stranger(tried)?.guess(&person.name, WRONG, &[])?;
        if answer.status == 429 {
            return Ok(Outcome::held(
                "after a few wrong passwords the account had to wait, wherever the next came from",
            ));
        }
        looked_at(&answer)?;
    }
    Ok(Outcome::broke(format!("{} wrong passwords for one account were looked at", MOST_WRONG + 1)))
}

/// A wrong password has to be refused as one, or nothing was tried.
fn looked_at(answer: &Answer) -> Step<()> {
    match answer.status {
        400 | 401 | 403 => Ok(()),
        _ => Err(untried(format!("a wrong password was answered {}", refusal(answer)))),
    }
}

fn names(ground: &Ground<'_>) -> Step<Outcome> {
    let mut stranger = ground.stranger(0)?;
    let (known, guarded) = (ground.outsider()?, ground.guarded(4)?);
    let unknown = "nobody-at-all@attack.invalid";
    let mut through = Vec::new();
    let expected = told(&stranger.guess(unknown, WRONG, &[])?);
    for (what, name) in [("an account", &known.name), ("one with a second factor", &guarded.name)] {
        if told(&stranger.guess(name, WRONG, &[])?) != expected {
            through.push(format!(
                "a wrong password for {what} is answered otherwise than for no account"
            ));
        }
    }
    for path in ["/v1/user/password-reset", "/v1/users"] {
        let mut ask = |name: &str| {
            let form = [("username", name), ("password", "password")];
            stranger.ask(&Ask::new("POST", path).form(&form)).map(|answer| told(&answer))
        };
        if ask(unknown)? != ask(&known.name)? {
            through.push(format!("{path} tells who has an account"));
        }
    }
    Ok(judged(&through, "names that there are and names that there are not were answered alike"))
}

/// All of an answer that could tell something: not how long to wait.
fn told(answer: &Answer) -> (u16, Vec<String>, String) {
    let mut names: Vec<String> = answer.headers.iter().map(|(name, _)| name.clone()).collect();
    names.sort_unstable();
    (answer.status, names, String::from_utf8_lossy(&answer.body).into_owned())
}

fn weak_passwords(ground: &Ground<'_>) -> Step<Outcome> {
    let person = ground.outsider()?;
    let mut visitor = ground.logged_in(0, person)?;
    let mut through = Vec::new();
    let own = person.name.clone();
    for weak in ["password", "12345678", "qwertyuiop", "aaaaaaaaaaaa", "iloveyou1", "short", &own] {
        let form = [("password", weak), ("current_password", person.password.as_str())];
        if !visitor.ask(&Ask::new("PUT", "/v1/user").form(&form))?.is_success() {
            continue;
        }
        let what = if weak == own { "one's own name" } else { weak };
        through.push(format!("the password {what:?} was taken"));
        // As it was before.
        let form = [("password", person.password.as_str()), ("current_password", weak)];
        visitor.ask(&Ask::new("PUT", "/v1/user").form(&form))?;
    }
    Ok(judged(&through, "none of the passwords that guessers try first was taken"))
}
