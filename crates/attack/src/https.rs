//! HTTPS as an attacker speaks it: whole requests and answers over a connection that is kept, or any bytes at all.
//!
//! It trusts the authority that the target names and no other, follows no redirect, and reads no more of an answer than a
//! bound. On loopback it comes from an address of one's choice, since what is counted is counted by address: a case that
//! is throttled throttles no other.

use crate::course::Course;
use crate::target::Target;
use serde_json::Value;
use std::fmt;
use zeroize::Zeroizing;

pub mod answer;
pub mod dial;

pub use answer::Answer;
pub use dial::{Connection, Place};

/// Why no answer came.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoAnswer {
    /// The course is at its end.
    #[error("the bounds of the attack were reached before an answer came")]
    Spent,
    /// Nothing listens there, or TLS did not come about.
    #[error("no connection: {0}")]
    NoConnection(String),
    /// The connection ended.
    #[error("the connection ended without an answer: {0}")]
    Ended(String),
    /// Nothing came in time.
    #[error("no answer came in time")]
    Late,
    /// What came is no HTTP.
    #[error("what came back is not HTTP/1.1")]
    NotHttp,
}

/// What is asked. Not printable: it may hold a token.
#[derive(Clone, Default)]
pub struct Ask {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Zeroizing<Vec<u8>>,
}

impl Ask {
    /// Asks with a method and a path that needs no more encoding.
    pub fn new(method: &str, path: impl Into<String>) -> Self {
        Self { method: method.to_ascii_uppercase(), path: path.into(), ..Self::default() }
    }

    /// With a token.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a form.
    #[must_use]
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(fields);
        self.body("application/x-www-form-urlencoded", body.finish().into_bytes())
    }

    /// With JSON.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string().into_bytes())
    }

    /// With a body of this type.
    #[must_use]
    pub fn body(mut self, kind: &str, body: Vec<u8>) -> Self {
        self.body = Zeroizing::new(body);
        self.header("content-type", kind)
    }

    /// As it goes over the wire.
    fn bytes(&self, host: &str) -> Zeroizing<Vec<u8>> {
        let Self { method, path, headers, body } = self;
        let mut text = Zeroizing::new(format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\n"));
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() || matches!(method.as_str(), "POST" | "PUT" | "PATCH") {
            text.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        text.push_str("\r\n");
        Zeroizing::new([text.as_bytes(), body.as_slice()].concat())
    }
}

/// Somebody who calls the API from one address.
pub struct Client {
    place: Place,
    lane: u16,
    kept: Option<Connection>,
}

impl fmt::Debug for Client {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Client({})", self.place.host())
    }
}

impl Client {
    /// Somebody at the target's API; `lane` says from which address where there is a choice.
    ///
    /// # Errors
    /// For a person: the target has no API, or its authority cannot be read.
    pub fn of(target: &Target, course: &Course, lane: u16) -> Result<Self, String> {
        Ok(Self { place: Place::of(target, course.seed)?, lane, kept: None })
    }

    /// Somebody else, from another address.
    #[must_use]
    pub fn elsewhere(&self, lane: u16) -> Self {
        Self { place: self.place.clone(), lane, kept: None }
    }

    /// Asks, and waits for the answer. A connection that was kept and is gone is opened once more.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub fn ask(&mut self, course: &mut Course, ask: &Ask) -> Result<Answer, NoAnswer> {
        if !course.may_send() {
            return Err(NoAnswer::Spent);
        }
        let bytes = ask.bytes(self.place.host());
        let head_only = ask.method == "HEAD";
        if let Some(mut kept) = self.kept.take() {
            match kept.exchange(course, &bytes, head_only) {
                Ok(answer) => {
                    self.keep(kept, &answer);
                    return Ok(answer);
                }
                Err(late @ NoAnswer::Late) => return Err(late),
                // The other side may have closed it meanwhile.
                Err(_) => {}
            }
        }
        let mut fresh = self.open(course)?;
        let answer = fresh.exchange(course, &bytes, head_only)?;
        self.keep(fresh, &answer);
        Ok(answer)
    }

    /// A connection of one's own, TLS done and nothing said.
    ///
    /// # Errors
    /// [`NoAnswer::NoConnection`].
    pub fn open(&self, course: &Course) -> Result<Connection, NoAnswer> {
        self.place.dial(self.lane, course.time_left()).map_err(NoAnswer::NoConnection)
    }

    /// What stands in the header `Host`.
    #[must_use]
    pub fn host(&self) -> &str {
        self.place.host()
    }

    fn keep(&mut self, connection: Connection, answer: &Answer) {
        self.kept = answer.keeps_alive().then_some(connection);
    }
}
