//! Where the server can be made to call: webhooks that point inward.

use super::ground::{Ground, Step, Visitor, attack, judged, untried};
use crate::case::{Case, Cost, Group, Outcome};
use crate::https::Ask;
use serde_json::{Value, json};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};

/// To the machine itself.
pub const INWARD: Case = Case {
    id: "api-webhook-inward",
    group: Group::Egress,
    tries: "Has webhooks call the server's own machine, by every spelling of its address, where a trap listens.",
    expects: "Nobody comes to the trap.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 31, inward),
};

/// To what a network keeps for its machines.
pub const METADATA: Case = Case {
    id: "api-webhook-metadata",
    group: Group::Egress,
    tries: "Has webhooks call private networks and the services that clouds offer to their machines.",
    expects: "Each is refused before anything is sent.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 32, metadata),
};

/// By other means.
pub const SCHEMES: Case = Case {
    id: "api-webhook-schemes",
    group: Group::Egress,
    tries: "Makes webhooks of other schemes, with passwords in the address, and with headers that frame a message or name another host.",
    expects: "None of them is made.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 33, schemes),
};

/// In what is answered where a webhook may not go somewhere.
const REFUSED: &str = "not on the public internet";

fn inward(ground: &Ground<'_>) -> Step<Outcome> {
    let trap = trap().map_err(|error| untried(error.to_string()))?;
    let port = trap.local_addr().map_err(|error| untried(error.to_string()))?.port();
    let mut owner = ground.logged_in(0, ground.owner()?)?;
    let hosts = [
        "127.0.0.1",
        "127.1.2.3",
        "localhost",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "localhost.",
        "LOCALHOST",
    ];
    let mut through = Vec::new();
    for host in hosts {
        tried(&mut owner, &format!("https://{host}:{port}/"))?;
        if trap.accept().is_ok() {
            through.push(format!("a webhook to {host} came to the trap"));
            break;
        }
    }
    Ok(judged(&through, "no spelling of the machine's own address led a webhook to it"))
}

/// Listens on every address of this machine.
fn trap() -> io::Result<TcpListener> {
    let all = TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0));
    let trap = all.or_else(|_| TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)))?;
    trap.set_nonblocking(true)?;
    Ok(trap)
}

fn metadata(ground: &Ground<'_>) -> Step<Outcome> {
    let mut owner = ground.logged_in(0, ground.owner()?)?;
    let hosts = [
        "169.254.169.254",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "168.63.129.16",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "[fe80::1]",
        "[fc00::1]",
        "[::ffff:169.254.169.254]",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
    ];
    let mut through = Vec::new();
    for host in hosts {
        match tried(&mut owner, &format!("https://{host}/"))? {
            Some(error) if error.contains(REFUSED) => {}
            None => {}
            // It may have been sent: nothing more is.
            Some(_) => {
                through.push(format!("a webhook to {host} was not refused"));
                break;
            }
        }
    }
    Ok(judged(
        &through,
        "webhooks to private networks and to services of clouds were refused before anything was sent",
    ))
}

/// Makes a webhook to this address and tries it out: why it failed. `None` where it could not even be made.
fn tried(owner: &mut Visitor<'_, '_>, url: &str) -> Step<Option<String>> {
    let made =
        owner.post_json("/v1/integrations", &json!({ "event": "attack-egress", "url": url }))?;
    if made.status == 503 {
        return Err(untried("the target sends no webhooks"));
    }
    let Some(id) = made.text("id").filter(|_| made.is_success()) else { return Ok(None) };
    let ask = Ask::new("POST", format!("/v1/integrations/{id}/test")).json(&json!({ "data": "x" }));
    // Whoever is called may not answer.
    let trial = owner.try_to_ask(&ask);
    owner.ask(&Ask::new("DELETE", format!("/v1/integrations/{id}")))?;
    let error = trial.ok().and_then(|trial| trial.text("error"));
    Ok(Some(error.unwrap_or_else(|| "nothing was wrong".to_owned())))
}

fn schemes(ground: &Ground<'_>) -> Step<Outcome> {
    let mut owner = ground.logged_in(0, ground.owner()?)?;
    let hook = |url: &str| json!({ "event": "attack-egress", "url": url });
    let with = |field: &str, value: Value| {
        let mut hook = hook("https://receiver.invalid/");
        if let Some(fields) = hook.as_object_mut() {
            fields.insert(field.to_owned(), value);
        }
        hook
    };
    let tries = [
        ("a file", hook("file:///etc/passwd")),
        ("gopher", hook("gopher://127.0.0.1:6379/_x")),
        ("ftp", hook("ftp://receiver.invalid/")),
        ("a password in the address", hook("https://a:b@receiver.invalid/")),
        ("a host from a template", hook("https://{{PARTICLE_DEVICE_ID}}.receiver.invalid/")),
        ("a host from the event", hook("https://{{{host}}}/")),
        ("the header host", with("headers", json!({ "host": "inside.invalid" }))),
        ("the header content-length", with("headers", json!({ "content-length": "5" }))),
        (
            "the header transfer-encoding",
            with("headers", json!({ "Transfer-Encoding": "chunked" })),
        ),
        ("a header with a line break", with("headers", json!({ "x\r\ny": "z" }))),
        ("certificates that are not verified", with("rejectUnauthorized", json!(false))),
    ];
    let mut through = Vec::new();
    for (what, hook) in tries {
        let answer = owner.post_json("/v1/integrations", &hook)?;
        if answer.is_success() {
            through.push(format!("a webhook with {what} was made"));
            let id = answer.text("id").unwrap_or_default();
            owner.ask(&Ask::new("DELETE", format!("/v1/integrations/{id}")))?;
        }
    }
    Ok(judged(
        &through,
        "no webhook of another scheme, with a password in its address or a forbidden header was made",
    ))
}
