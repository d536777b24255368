//! Tokens: made up, ended, past their time.

use super::ground::{Ground, Step, attack, expect, judged, untried};
use crate::case::{Case, Cost, Group, Outcome};
use crate::https::Ask;
use std::time::Duration;

/// How long a token that ends in a second may be good.
const ENDS_WITHIN: Duration = Duration::from_secs(4);

/// Made up.
pub const FORGED: Case = Case {
    id: "api-token-forged",
    group: Group::Token,
    tries: "Presents tokens that were changed, cut, made up or unsigned, and a good one where none is read.",
    expects: "None of them is good.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 8, forged),
};

/// Ended by its holder.
pub const REVOKED: Case = Case {
    id: "api-token-revoked",
    group: Group::Token,
    tries: "Goes on with a token after its holder logged out.",
    expects: "It is good no more, at once.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 9, revoked),
};

/// Past its time.
pub const EXPIRED: Case = Case {
    id: "api-token-expired",
    group: Group::Token,
    tries: "Goes on with a token after the second for which it was made.",
    expects: "It is good no more.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 10, expired),
};

fn forged(ground: &Ground<'_>) -> Step<Outcome> {
    let mut owner = ground.logged_in(0, ground.owner()?)?;
    let token = owner.token()?;
    if !owner.is_good(&token)? {
        return Err(untried("a new token is not good"));
    }
    let unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJvcGVyYXRvciIsInNjb3BlIjoiKiJ9.";
    let mut tries = vec![
        ("null", "null".to_owned()),
        ("undefined", "undefined".to_owned()),
        ("a star", "*".to_owned()),
        ("zeros", "0".repeat(token.len())),
        ("one with a letter more", format!("{}0", token.as_str())),
        ("an unsigned one", unsigned.to_owned()),
        ("a quoted one", "' OR '1'='1".to_owned()),
        ("one of a megabyte's prefix", "a".repeat(7_000)),
    ];
    let shorter = token.get(..token.len().saturating_sub(1)).unwrap_or_default();
    tries.push(("one with a letter less", shorter.to_owned()));
    for place in [0, token.len() / 2, token.len().saturating_sub(1)] {
        tries.push(("one with another letter", changed(&token, place)));
    }
    let mut through = Vec::new();
    for (what, forged) in tries {
        if owner.is_good(&forged)? {
            through.push(format!("{what} is good"));
        }
    }
    owner.with_token(None);
    let misplaced = [
        ("in the query", Ask::new("GET", format!("/v1/devices?access_token={}", token.as_str()))),
        (
            "in the body",
            Ask::new("POST", "/v1/devices/events")
                .form(&[("access_token", token.as_str()), ("name", "x")]),
        ),
        (
            "in a cookie",
            Ask::new("GET", "/v1/devices")
                .header("cookie", &format!("access_token={}", token.as_str())),
        ),
    ];
    for (where_it_was, ask) in misplaced {
        if owner.ask(&ask)?.is_success() {
            through.push(format!("a token {where_it_was} is taken"));
        }
    }
    Ok(judged(
        &through,
        "tokens that were changed or made up are not good, and one is read from its header alone",
    ))
}

/// The token with another letter in this place.
fn changed(token: &str, place: usize) -> String {
    let other = |(at, letter): (usize, char)| match (at == place, letter) {
        (false, letter) => letter,
        (true, 'a') => 'b',
        (true, _) => 'a',
    };
    token.chars().enumerate().map(other).collect()
}

fn revoked(ground: &Ground<'_>) -> Step<Outcome> {
    let mut through = Vec::new();
    let mut owner = ground.stranger(0)?;
    for way in ["by its holder", "by its path", "by a client"] {
        let answer = owner.password(ground.owner()?, &[])?;
        owner.take_token(&answer)?;
        let token = owner.token()?;
        let form = [("client_id", "particle"), ("token", token.as_str())];
        let ask = match way {
            "by its path" => Ask::new("DELETE", format!("/v1/access_tokens/{}", token.as_str())),
            "by a client" => Ask::new("POST", "/oauth/revoke").form(&form),
            _ => Ask::new("DELETE", "/v1/access_tokens/current"),
        };
        expect(owner.ask(&ask)?, "a logout")?;
        if owner.is_good(&token)? {
            through.push(format!("a token that was ended {way} is still good"));
        }
    }
    Ok(judged(&through, "a token that was ended in any of three ways was good no more"))
}

fn expired(ground: &Ground<'_>) -> Step<Outcome> {
    let mut owner = ground.stranger(0)?;
    let answer = owner.password(ground.owner()?, &[("expires_in", "1")])?;
    owner.take_token(&answer)?;
    let token = owner.token()?;
    let until = std::time::Instant::now() + ENDS_WITHIN;
    while owner.is_good(&token)? {
        if std::time::Instant::now() > until {
            return Ok(Outcome::broke("a token that was made for a second is good after four"));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(Outcome::held("a token that was made for a second was good no more soon after"))
}
