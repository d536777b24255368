//! What is typed where something else is expected: in every parameter, on pages, in events, in JSON.

use super::ground::{Ground, Step, Visitor, attack, expect, judged, untried};
use super::routes::{self, Operation};
use crate::case::{Case, Cost, Group, Outcome};
use crate::https::{Answer, Ask};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// In every parameter.
pub const INJECTED: Case = Case {
    id: "api-injected",
    group: Group::Input,
    tries: "Puts pieces of SQL, shell, paths, headers, markup and broken encodings into every parameter of every route.",
    expects: "No error of the server's own, no word of a database or a file, no header that was smuggled in.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 24, injected),
};

/// On pages.
pub const PAGES: Case = Case {
    id: "api-pages",
    group: Group::Input,
    tries: "Puts scripts into all that the pages of a login show, the name of a client included.",
    expects: "They are shown as text, and the page's policy forbids scripts and frames.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 25, pages),
};

/// In events.
pub const EVENTS: Case = Case {
    id: "api-events-forged",
    group: Group::Input,
    tries: "Publishes events with line breaks in name and data, to forge others in the stream of who listens.",
    expects: "The stream holds the events that were published, and no other.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 26, events),
};

/// In JSON.
pub const NESTED: Case = Case {
    id: "api-nested",
    group: Group::Input,
    tries: "Sends JSON that is nested deeply, has huge numbers, double names and broken text.",
    expects: "Each is refused or read, and the server goes on answering.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 27, nested),
};

/// As typed, and as it stands in a path or a query.
const PIECES: [(&str, &str); 6] = [
    ("' OR '1'='1' --", "%27%20OR%20%271%27%3D%271%27%20--"),
    ("\"; DROP TABLE accounts; --", "%22%3B%20DROP%20TABLE%20accounts%3B%20--"),
    ("../../../../etc/passwd", "..%2F..%2F..%2F..%2Fetc%2Fpasswd"),
    ("x\r\nset-cookie: attack=1", "x%0D%0Aset-cookie%3A%20attack%3D1"),
    ("$(id)`id`{{7*7}}%s%n", "%24(id)%60id%60%7B%7B7*7%7D%7D%25s%25n"),
    ("\u{0}\u{202e}\u{ffff}", "%00%C3%28%FF"),
];

/// Words that only the inside of a server has.
const INSIDE: [&str; 6] =
    ["sqlite", "syntax error", "no such table", "panicked", "root:x:0", "uid=0"];

/// Ends all tokens of an account: that is what it is for.
const ENDS_TOKENS: &str = "/v1/access_tokens";

fn injected(ground: &Ground<'_>) -> Step<Outcome> {
    let mut visitor = ground.logged_in(0, ground.outsider()?)?;
    let mut through = Vec::new();
    let all = routes::all(&mut visitor)?.into_iter();
    for operation in all.filter(|operation| !operation.path.starts_with(ENDS_TOKENS)) {
        for (typed, encoded) in PIECES {
            let answer = visitor.ask(&with_piece(&operation, typed, encoded))?;
            if let Some(wrong) = wrong_with(&answer) {
                through.push(format!("{} {wrong}", operation.name()));
                break;
            }
        }
    }
    Ok(judged(&through, "no parameter of any route made the server fail, or show what is inside"))
}

fn with_piece(operation: &Operation, typed: &str, encoded: &str) -> Ask {
    let path = operation
        .parts
        .iter()
        .fold(operation.path.clone(), |path, part| path.replace(&format!("{{{part}}}"), encoded));
    let query: Vec<String> =
        operation.query.iter().map(|name| format!("{name}={encoded}")).collect();
    let joint = if query.is_empty() { "" } else { "?" };
    let ask = Ask::new(&operation.method, format!("{path}{joint}{}", query.join("&")));
    if operation.fields.is_empty() {
        return ask;
    }
    let body: Map<String, Value> =
        operation.fields.iter().map(|name| (name.clone(), json!(typed))).collect();
    ask.json(&Value::Object(body))
}

fn wrong_with(answer: &Answer) -> Option<String> {
    let text = String::from_utf8_lossy(&answer.body).to_lowercase();
    if answer.status >= 500 && answer.status != 503 {
        return Some(format!("failed with {}", answer.status));
    }
    if answer.header("set-cookie").is_some() {
        return Some("let a header be smuggled in".to_owned());
    }
    let inside = INSIDE.iter().find(|word| text.contains(*word));
    inside.map(|word| format!("shows {word:?}"))
}

fn pages(ground: &Ground<'_>) -> Step<Outcome> {
    const SCRIPT: &str = "<script>alert(1)</script>";
    const ENCODED: &str = "%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    const BACK: &str = "http%3A%2F%2F127.0.0.1%2Fback";
    let mut owner = ground.logged_in(0, ground.owner()?)?;
    let asked =
        json!({ "name": SCRIPT, "type": "installed", "redirect_uri": "http://127.0.0.1/back" });
    let made = expect(owner.post_json("/v1/clients", &asked)?, "an OAuth client")?.json();
    let client = made.pointer("/client/id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let right = format!(
        "response_type=code&client_id={client}&redirect_uri={BACK}&code_challenge_method=S256\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    );
    let asked = [
        format!("/oauth/authorize?{right}&state={ENCODED}"),
        format!("/oauth/authorize?{right}&scope={ENCODED}"),
        format!("/oauth/authorize?client_id={ENCODED}&redirect_uri={ENCODED}&state={ENCODED}"),
        format!("/oauth/device?user_code={ENCODED}"),
        format!("/oauth/device?{ENCODED}={ENCODED}"),
    ];
    owner.with_token(None);
    let (mut through, mut shown) = (Vec::new(), 0);
    for path in asked {
        let answer = owner.get(&path)?;
        let is_page =
            answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
        shown += u32::from(is_page);
        let route = path.split('?').next().unwrap_or_default();
        if String::from_utf8_lossy(&answer.body).contains("<script") {
            through.push(format!("{route} shows a script that it was given"));
        }
        let policy = answer.header("content-security-policy").unwrap_or_default();
        if is_page
            && !(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"))
        {
            through.push(format!("{route} has no policy against scripts and frames"));
        }
    }
    let mut owner = ground.logged_in(1, ground.owner()?)?;
    owner.ask(&Ask::new("DELETE", format!("/v1/clients/{client}")))?;
    if shown == 0 {
        return Err(untried("the target shows no pages"));
    }
    Ok(judged(
        &through,
        "pages showed scripts as text, under a policy that forbids scripts and frames",
    ))
}

fn events(ground: &Ground<'_>) -> Step<Outcome> {
    const LAST: &str = "attack-events-last";
    let mut owner = ground.logged_in(0, ground.owner()?)?;
    let mut stream = owner.open()?;
    let token = owner.token()?;
    let head = format!(
        "GET /v1/devices/events HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\r\n",
        owner.host(),
        token.as_str()
    );
    stream.send(head.as_bytes()).map_err(|error| untried(error.to_string()))?;
    // The stream is open as soon as something comes of it.
    let opened = stream.read_text_until("\r\n\r\n", ground.time_left());
    if !opened.starts_with("HTTP/1.1 200") {
        return Err(untried("the stream of events does not open"));
    }
    let forged = "x\n\nevent: attack-forged\ndata: {}\n\n";
    let tries = [
        json!({ "name": format!("attack{forged}"), "data": "1" }),
        json!({ "name": "attack\revent: attack-forged", "data": "1" }),
        json!({ "name": "attack-events", "data": forged }),
        json!({ "name": "attack-events", "data": forged.replace('\n', "\r") }),
        json!({ "name": "attack-events", "data": "\u{2028}event: attack-forged" }),
        json!({ "name": "attack-events", "data": "1", "ttl": forged }),
    ];
    for body in &tries {
        owner.post_json("/v1/devices/events", body)?;
    }
    expect(owner.post_json("/v1/devices/events", &json!({ "name": LAST }))?, "an event")?;
    let text = stream.read_text_until(LAST, ground.time_left().min(Duration::from_secs(4)));
    if !text.contains(LAST) {
        return Err(untried("the event that was to end the stream did not come"));
    }
    let lines = text.split(['\n', '\r']);
    let forged = lines.filter(|line| line.starts_with("event: attack-forged")).count();
    Ok(match forged {
        0 => Outcome::held("line breaks in name and data forged no event in the stream"),
        _ => Outcome::broke("an event that nobody published stands in the stream"),
    })
}

fn nested(ground: &Ground<'_>) -> Step<Outcome> {
    let mut visitor = ground.logged_in(0, ground.outsider()?)?;
    let deep = |open: &str, close: &str| {
        format!("{{\"id\":{}1{}}}", open.repeat(20_000), close.repeat(20_000))
    };
    let tries: [(&str, Vec<u8>); 7] = [
        ("lists in lists", deep("[", "]").into_bytes()),
        ("an open end", "[".repeat(60_000).into_bytes()),
        ("a huge number", format!("{{\"id\":1{}}}", "0".repeat(5_000)).into_bytes()),
        ("a huge exponent", b"{\"id\":1e999999999}".to_vec()),
        ("double names", b"{\"id\":\"a\",\"id\":\"b\"}".to_vec()),
        ("half a pair of surrogates", b"{\"id\":\"\\ud800\"}".to_vec()),
        ("broken text", b"{\"id\":\"\xff\xfe\"}".to_vec()),
    ];
    let mut through = Vec::new();
    for (what, body) in tries {
        match visitor.try_to_ask(&Ask::new("POST", "/v1/devices").body("application/json", body)) {
            Ok(answer) if answer.status >= 500 => {
                through.push(format!("{what}: {}", answer.status))
            }
            Ok(_) => {}
            Err(error) => through.push(format!("{what}: {error}")),
        }
    }
    through.extend(still_answers(&mut visitor));
    Ok(judged(&through, "each was refused or read, and the server went on answering"))
}

/// What is wrong where the target answers no more.
pub fn still_answers(visitor: &mut Visitor<'_, '_>) -> Option<String> {
    match visitor.try_to_ask(&Ask::new("GET", "/healthz")) {
        Ok(answer) if answer.is_success() => None,
        Ok(answer) => Some(format!("it answers {} afterwards", answer.status)),
        Err(error) => Some(format!("it does not answer afterwards: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::routes::Parts;

    #[test]
    fn a_piece_stands_in_every_part_query_and_field() {
        let operation = Operation {
            method: "POST".into(),
            path: "/v1/a/{b}/c/{d}".into(),
            needs_token: true,
            scopes: Vec::new(),
            is_fresh: false,
            parts: vec!["b".into(), "d".into()],
            query: vec!["e".into()],
            fields: vec!["f".into()],
            required: Vec::new(),
        };
        assert_eq!(operation.path_with(&Parts::new()), "/v1/a/1/c/1");
        let wrong = Answer { status: 500, ..Answer::default() };
        assert!(wrong_with(&wrong).is_some());
        let inside = Answer {
            status: 400,
            body: b"near \"OR\": syntax error".to_vec(),
            ..Answer::default()
        };
        assert!(wrong_with(&inside).is_some());
        assert!(wrong_with(&Answer { status: 404, ..Answer::default() }).is_none());
        let _ = with_piece(&operation, "x", "y");
    }
}
