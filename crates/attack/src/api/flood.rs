//! More than anybody needs: connections, requests, slowness; and plain HTTP where HTTPS is spoken.

use super::ground::{Ground, Step, attack, judged, untried};
use super::input::still_answers;
use crate::case::{Case, Cost, Group, Outcome};
use crate::https::dial::Place;
use std::io::{Read as _, Write as _};
use std::time::Duration;

/// Connections.
pub const CONNECTIONS: Case = Case {
    id: "api-many-connections",
    group: Group::Flood,
    tries: "Opens three hundred connections from one address and keeps them.",
    expects: "Those beyond a bound are closed, and another address is served meanwhile.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 34, connections),
};

/// Requests.
pub const REQUESTS: Case = Case {
    id: "api-many-requests",
    group: Group::Flood,
    tries: "Sends twelve thousand requests from one address, as fast as it can.",
    expects: "It is told to wait, and another address is served meanwhile.",
    cost: Cost::Full,
    run: |target, course| attack(target, course, 35, requests),
};

/// Slowness.
pub const SLOW: Case = Case {
    id: "api-slow-requests",
    group: Group::Flood,
    tries: "Opens two hundred connections and sends the head of a request on each, a byte now and then.",
    expects: "They are closed within half a minute, and others are served meanwhile.",
    cost: Cost::Full,
    run: |target, course| attack(target, course, 36, slow),
};

/// Without TLS.
pub const PLAIN: Case = Case {
    id: "api-plain-http",
    group: Group::Https,
    tries: "Speaks HTTP without TLS where the API listens.",
    expects: "Nothing of the API is answered.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 37, plain),
};

/// So many connections that are tried to be kept.
const MANY: usize = 300;
/// For a slow connection to be closed.
const CLOSED_WITHIN: Duration = Duration::from_secs(30);

fn connections(ground: &Ground<'_>) -> Step<Outcome> {
    let (many, mut other) = (ground.stranger(0)?, ground.stranger(1)?);
    // TLS done, nothing said: those that are refused are closed before that.
    let mut kept = Vec::new();
    let mut refused = 0_usize;
    for _ in 0..MANY {
        match many.try_to_open() {
            Ok(connection) => kept.push(connection),
            Err(_) => refused += 1,
        }
    }
    let mut through = Vec::new();
    if refused == 0 {
        through.push(format!("{MANY} connections of one address were kept"));
    }
    through.extend(still_answers(&mut other));
    drop(kept);
    Ok(judged(
        &through,
        "connections of one address beyond a bound were closed, and another address was served",
    ))
}

fn requests(ground: &Ground<'_>) -> Step<Outcome> {
    const SENT: usize = 12_000;
    let (mut many, mut other) = (ground.stranger(0)?, ground.stranger(1)?);
    let mut told = false;
    for _ in 0..SENT {
        if many.get("/healthz")?.status == 429 {
            told = true;
            break;
        }
    }
    let mut through = Vec::new();
    if !told {
        through.push(format!("{SENT} requests of one address were answered"));
    }
    through.extend(still_answers(&mut other));
    Ok(judged(
        &through,
        "an address that sent too many requests was told to wait, and another was served",
    ))
}

fn slow(ground: &Ground<'_>) -> Step<Outcome> {
    const SLOW: usize = 200;
    let (many, mut other) = (ground.stranger(0)?, ground.stranger(1)?);
    let mut open = Vec::new();
    for _ in 0..SLOW {
        let mut connection = many.open()?;
        connection.send(b"GET / HTTP/1.1\r\n").map_err(|error| untried(error.to_string()))?;
        open.push(connection);
    }
    let mut through: Vec<String> = still_answers(&mut other).into_iter().collect();
    let until = std::time::Instant::now() + CLOSED_WITHIN;
    while !open.is_empty() && std::time::Instant::now() < until {
        std::thread::sleep(Duration::from_secs(1));
        // One that takes no more bytes, or says goodbye, is closed.
        open.retain_mut(|connection| {
            connection.send(b"x").is_ok() && !connection.ends_within(Duration::from_millis(2))
        });
    }
    if !open.is_empty() {
        through.push(format!(
            "{} connections were kept half a minute for a byte a second",
            open.len()
        ));
    }
    through.extend(still_answers(&mut other));
    Ok(judged(
        &through,
        "connections that sent a byte now and then were closed, and others were served meanwhile",
    ))
}

fn plain(ground: &Ground<'_>) -> Step<Outcome> {
    let place = Place::of(ground.target, 0).map_err(untried)?;
    let lane = 37 * 64;
    let mut stream =
        place.dial_plain(lane, ground.time_left()).map_err(|error| untried(error.to_string()))?;
    let request = format!("GET /healthz HTTP/1.1\r\nhost: {}\r\n\r\n", place.host());
    let mut answer = [0; 512];
    // Whether it is cut off or answered with an alert of TLS is the same to us.
    let length =
        stream.write_all(request.as_bytes()).and_then(|()| stream.read(&mut answer)).unwrap_or(0);
    let said = answer.get(..length).unwrap_or_default();
    Ok(if said.starts_with(b"HTTP/1.1 2") || said.windows(4).any(|word| word == b"\"ok\"") {
        Outcome::broke("the API answers without TLS")
    } else {
        Outcome::held("nothing of the API was answered without TLS")
    })
}
