//! Requests whose end can be read in two ways, and requests that are too large.

use super::ground::{Ground, Step, Visitor, attack, judged, untried};
use super::input::still_answers;
use crate::case::{Case, Cost, Group, Outcome};
use crate::https::Answer;

/// Two ends.
pub const SMUGGLED: Case = Case {
    id: "api-smuggled",
    group: Group::Input,
    tries: "Sends requests with two lengths, a length beside pieces, odd pieces and odd lines, with another request hidden in the body.",
    expects: "Each is refused or read in one way: the hidden request is never answered.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 28, smuggled),
};

/// Too large.
pub const OVERSIZED: Case = Case {
    id: "api-oversized",
    group: Group::Input,
    tries: "Sends addresses, headers and bodies far larger than any client needs.",
    expects: "Each is refused, and the server goes on answering.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 29, oversized),
};

fn smuggled(ground: &Ground<'_>) -> Step<Outcome> {
    let mut visitor = ground.stranger(0)?;
    let host = visitor.host();
    let hidden = "GET /.well-known/oauth-authorization-server HTTP/1.1\r\nhost: x\r\n\r\n";
    let begin = format!("POST /healthz HTTP/1.1\r\nhost: {host}\r\n");
    let pieces = format!("0\r\n\r\n{hidden}");
    let both = pieces.len();
    let tries = [
        (
            "a length beside pieces",
            format!("{begin}content-length: {both}\r\ntransfer-encoding: chunked\r\n\r\n{pieces}"),
        ),
        (
            "pieces beside a length",
            format!("{begin}transfer-encoding: chunked\r\ncontent-length: {both}\r\n\r\n{pieces}"),
        ),
        (
            "two lengths",
            format!("{begin}content-length: 0\r\ncontent-length: {}\r\n\r\n{hidden}", hidden.len()),
        ),
        (
            "a list of lengths",
            format!("{begin}content-length: 0, {}\r\n\r\n{hidden}", hidden.len()),
        ),
        ("a signed length", format!("{begin}content-length: +0\r\n\r\n{hidden}")),
        (
            "odd pieces",
            format!("{begin}transfer-encoding: xchunked\r\ncontent-length: {both}\r\n\r\n{pieces}"),
        ),
        ("pieces behind a blank", format!("{begin}transfer-encoding : chunked\r\n\r\n{pieces}")),
        (
            "pieces on a second line",
            format!("{begin}transfer-encoding:\r\n chunked\r\n\r\n{pieces}"),
        ),
        (
            "a piece of a huge length",
            format!("{begin}transfer-encoding: chunked\r\n\r\nffffffffffffffff0\r\n{hidden}"),
        ),
        ("a header with a zero byte", format!("{begin}x: a\0b\r\n\r\n{hidden}")),
        ("a line break alone", format!("{begin}x: a\rb: c\r\n\r\n{hidden}")),
    ];
    let mut through = Vec::new();
    for (what, request) in tries {
        if answers_to_hidden(&visitor, &request)? {
            through.push(format!("{what}: the hidden request was answered"));
        }
    }
    through.extend(still_answers(&mut visitor));
    Ok(judged(
        &through,
        "no request that was hidden in another was answered where its end could be read in two ways",
    ))
}

/// Whether the request that lies in another's body gets an answer of its own, where the first was not refused.
fn answers_to_hidden(visitor: &Visitor<'_, '_>, request: &str) -> Step<bool> {
    let mut connection = visitor.open()?;
    if connection.send(request.as_bytes()).is_err() {
        return Ok(false);
    }
    let Ok(first) = connection.read(false) else { return Ok(false) };
    if first.status == 400 || !first.keeps_alive() {
        return Ok(false);
    }
    let is_hidden = |answer: &Answer| {
        answer.status == 200 && answer.body.windows(6).any(|word| word == b"issuer")
    };
    Ok(connection.read(false).is_ok_and(|second| is_hidden(&second)))
}

fn oversized(ground: &Ground<'_>) -> Step<Outcome> {
    let mut visitor = ground.stranger(0)?;
    let host = visitor.host();
    let long = |bytes: usize| "a".repeat(bytes);
    let get =
        |path: &str, headers: &str| format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n{headers}\r\n");
    let many: String = (0..2_000).map(|number| format!("x-{number}: y\r\n")).collect();
    let body = |length: usize| {
        let head = format!(
            "POST /oauth/token HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n"
        );
        head + "grant_type=none&x=" + &long(length.saturating_sub(18))
    };
    let tries = [
        ("an address of 12 KiB", get(&format!("/healthz?{}", long(12 << 10)), ""), &[414, 431][..]),
        (
            "an address of a megabyte",
            get(&format!("/healthz?{}", long(1 << 20)), ""),
            &[414, 431][..],
        ),
        ("a header of 20 KiB", get("/healthz", &format!("x: {}\r\n", long(20 << 10))), &[431][..]),
        (
            "a header of a megabyte",
            get("/healthz", &format!("x: {}\r\n", long(1 << 20))),
            &[431][..],
        ),
        ("two thousand headers", get("/healthz", &many), &[431][..]),
        ("a body of 200 KiB", body(200 << 10), &[413][..]),
        ("a body of 3 megabytes", body(3 << 20), &[413][..]),
    ];
    let mut through = Vec::new();
    for (what, request, right) in tries {
        let mut connection = visitor.open()?;
        let sent = connection.send(request.as_bytes());
        match (connection.read(false), sent) {
            (Ok(answer), _) if right.contains(&answer.status) => {}
            (Ok(answer), _) => through.push(format!("{what} was answered {}", answer.status)),
            // Closed in the face of who is still sending is refused, too.
            (Err(error), Ok(())) if is_over_time(&error) => {
                through.push(format!("{what} was never refused"))
            }
            (Err(_), _) => {}
        }
    }
    through.extend(still_answers(&mut visitor));
    if through.is_empty() && visitor.get("/healthz")?.status != 200 {
        return Err(untried("the target does not answer at /healthz"));
    }
    Ok(judged(&through, "addresses, headers and bodies beyond what clients need were refused"))
}

fn is_over_time(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut)
}
