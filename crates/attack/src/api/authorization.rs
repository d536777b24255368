//! Who may call which route: walked over all of them, as the target itself describes them.

use super::ground::{Ground, Step, Visitor, attack, expect, judged, untried};
use super::object::Property;
use super::routes::{self, Parts};
use crate::case::{Case, Cost, Group, Outcome};
use crate::https::Ask;

/// Without a token.
pub const NOBODY: Case = Case {
    id: "api-nobody",
    group: Group::Authorization,
    tries: "Calls every route that asks for a token without one.",
    expects: "Each is refused with 401.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 1, nobody),
};

/// With the token of somebody else.
pub const OUTSIDER: Case = Case {
    id: "api-outsider",
    group: Group::Authorization,
    tries: "Calls every route on a device, a product, a webhook and a client of somebody else, with a token of one's own.",
    expects: "Each is refused as if it were not there, and all of it stays as it was.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 2, outsider),
};

/// With a token for less.
pub const NARROW_TOKEN: Case = Case {
    id: "api-narrow-token",
    group: Group::Authorization,
    tries: "Calls every route on what is one's own, with a token that was made for listing devices alone.",
    expects: "Each route of another scope is refused with 403.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 3, narrow_token),
};

/// With methods that no route has.
pub const UNKNOWN_METHODS: Case = Case {
    id: "api-unknown-methods",
    group: Group::Authorization,
    tries: "Calls every path with methods that it does not have, and with headers that name another method.",
    expects: "None is answered with a yes.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 4, unknown_methods),
};

fn nobody(ground: &Ground<'_>) -> Step<Outcome> {
    let mut stranger = ground.stranger(0)?;
    let parts = Parts::from([("device", ground.device()?.id.clone())]);
    let mut through = Vec::new();
    let guarded = routes::all(&mut stranger)?.into_iter().filter(|operation| operation.needs_token);
    for operation in guarded {
        let answer = stranger.ask(&operation.ask(&parts))?;
        if answer.status != 401 {
            through.push(format!("{} answered {} to nobody", operation.name(), answer.status));
        }
    }
    Ok(judged(&through, "every route that asks for a token answered 401 without one"))
}

fn outsider(ground: &Ground<'_>) -> Step<Outcome> {
    let mut owner = ground.logged_in(0, ground.owner()?)?;
    let mut outsider = ground.logged_in(1, ground.outsider()?)?;
    let property = Property::make(ground, &mut owner)?;
    let parts = property.parts();
    let mut through = Vec::new();
    let all = routes::all(&mut outsider)?.into_iter();
    for operation in all.filter(|operation| operation.needs_token && operation.names(&parts)) {
        let answer = outsider.ask(&operation.ask(&parts))?;
        if !matches!(answer.status, 403 | 404) {
            through.push(format!("{} answered {} to an outsider", operation.name(), answer.status));
        }
    }
    if let Some(lost) = property.lost(&mut owner)? {
        through.push(lost);
    }
    property.remove(&mut owner)?;
    let held = "every route on what is somebody else's was refused, and nothing of it changed";
    Ok(judged(&through, held))
}

fn narrow_token(ground: &Ground<'_>) -> Step<Outcome> {
    const SCOPE: &str = "devices:list";
    let mut owner = ground.logged_in(0, ground.owner()?)?;
    let property = Property::make(ground, &mut owner)?;
    let parts = property.parts();
    let mut narrow = ground.stranger(1)?;
    let answer = narrow.password(ground.owner()?, &[("scope", SCOPE)])?;
    narrow.take_token(&answer)?;
    let mut through = Vec::new();
    let all =
        routes::all(&mut narrow)?.into_iter().filter(|operation| !operation.scopes.is_empty());
    let mut listed = false;
    for operation in all {
        let answer = narrow.ask(&operation.ask(&parts))?;
        match operation.scopes.iter().any(|scope| scope == SCOPE) {
            true => listed |= answer.is_success(),
            false if answer.status != 403 => {
                through.push(format!(
                    "{} answered {} without its scope",
                    operation.name(),
                    answer.status
                ));
            }
            false => {}
        }
    }
    property.remove(&mut owner)?;
    if !listed {
        return Err(untried("the token for listing devices does not list them"));
    }
    Ok(judged(
        &through,
        "a token for listing devices lists devices, and every other route answered 403",
    ))
}

fn unknown_methods(ground: &Ground<'_>) -> Step<Outcome> {
    let mut owner = ground.logged_in(0, ground.owner()?)?;
    let device = ground.device()?.id.clone();
    let parts = Parts::from([("device", device.clone())]);
    let all = routes::all(&mut owner)?;
    let mut paths: Vec<_> = all.iter().map(|operation| operation.path_with(&parts)).collect();
    paths.sort_unstable();
    paths.dedup();
    let mut through = Vec::new();
    for path in &paths {
        for method in ["TRACE", "PROPFIND", "DEBUG"] {
            let answer = owner.ask(&Ask::new(method, path.as_str()))?;
            if answer.is_success() {
                through.push(format!("{method} {path} answered {}", answer.status));
            }
        }
    }
    through.extend(overridden(&mut owner, &device)?);
    Ok(judged(
        &through,
        "no path answered to a method that it does not have, nor to one named in a header",
    ))
}

/// A request that reads must not change anything because a header says that it is another.
fn overridden(owner: &mut Visitor<'_, '_>, device: &str) -> Step<Option<String>> {
    let path = format!("/v1/devices/{device}");
    for header in ["x-http-method-override", "x-http-method", "x-method-override"] {
        owner.ask(&Ask::new("GET", path.as_str()).header(header, "DELETE"))?;
    }
    let after = owner.get(&path)?;
    Ok((!expect_there(after)).then(|| "a header made a GET remove a device".to_owned()))
}

fn expect_there(answer: crate::https::Answer) -> bool {
    expect(answer, "a device").is_ok()
}
