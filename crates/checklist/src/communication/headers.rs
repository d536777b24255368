//! Headers of the API's answers, to requests that ask for nothing of anybody.

use pintle_attack::Course;
use pintle_attack::https::{Ask, Client};
use serde::Serialize;
use std::collections::BTreeMap;

/// What an answer carries that a browser or an attacker takes note of; names in small letters.
const NOTED: [&str; 10] = [
    "strict-transport-security",
    "x-content-type-options",
    "content-security-policy",
    "x-frame-options",
    "referrer-policy",
    "cache-control",
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "server",
    "x-powered-by",
];

/// A page, and something that nobody reads without a token.
const ASKED: [(&str, &str); 3] = [("GET", "/"), ("GET", "/v1/user"), ("GET", "/oauth/authorize")];

/// An origin that has nothing to do with the target.
pub const STRANGE_ORIGIN: &str = "https://elsewhere.invalid";

/// What came back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Headers {
    /// What was asked for, each with what came.
    pub answers: BTreeMap<String, Noted>,
    /// The status of an answer to TRACE.
    pub trace: Option<u16>,
    /// Whether TRACE gave back what it was sent.
    pub echoes: bool,
}

/// What is noted of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Noted {
    /// Its status.
    pub status: u16,
    /// Its headers, of those that are noted.
    pub headers: BTreeMap<String, String>,
}

/// Asks.
///
/// # Errors
/// No answer comes.
pub fn look(client: &mut Client, course: &mut Course) -> Result<Headers, String> {
    let mut found = Headers::default();
    for (method, path) in ASKED {
        let ask = Ask::new(method, path).header("origin", STRANGE_ORIGIN);
        let answer = client.ask(course, &ask).map_err(|why| why.to_string())?;
        let noted = answer.headers.iter().filter(|(name, _)| NOTED.contains(&name.as_str()));
        let headers = noted.map(|(name, value)| (name.clone(), value.clone())).collect();
        found.answers.insert(format!("{method} {path}"), Noted { status: answer.status, headers });
    }
    let mark = "x-mark-of-a-scanner";
    let trace = client.ask(course, &Ask::new("TRACE", "/").header(mark, "1"));
    // Who closes the connection gave nothing back either.
    if let Ok(answer) = trace {
        found.trace = Some(answer.status);
        found.echoes = answer.status == 200 && contains(&answer.body, mark.as_bytes());
    }
    Ok(found)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part))
}

impl Noted {
    /// The value of a header; empty where it is not there.
    #[must_use]
    pub fn of(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}
