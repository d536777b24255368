//! An answer of HTTP/1.1 (RFC 9112), as far as an attacker reads it: status, headers, a body of known length or in pieces.

use serde_json::Value;
use std::io::{self, Read};

/// The longest head that is read, in bytes.
const LONGEST_HEAD: usize = 64 << 10;
/// The longest body that is read, in bytes.
const LONGEST_BODY: usize = 4 << 20;

/// What came back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers; names in small letters.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header of this name, in small letters.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null where it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// A field of the body that is text.
    #[must_use]
    pub fn text(&self, field: &str) -> Option<String> {
        self.json().get(field).and_then(Value::as_str).map(str::to_owned)
    }

    /// Whether it is a yes.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether more may be asked on the same connection.
    #[must_use]
    pub fn keeps_alive(&self) -> bool {
        let closes =
            self.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        !closes && !self.is_stream()
    }

    /// Whether it is a stream of events, of whose body nothing is read.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        self.header("content-type").is_some_and(|value| value.starts_with("text/event-stream"))
    }

    /// The head of an answer: what stands before the empty line. `None` where it is none.
    #[must_use]
    pub fn of_head(head: &[u8]) -> Option<Self> {
        let text = str::from_utf8(head).ok()?;
        let mut lines = text.split("\r\n");
        let status = lines.next()?.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()?;
        let field = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        };
        let headers = lines.filter(|line| !line.is_empty()).map(field).collect::<Option<_>>()?;
        Some(Self { status, headers, body: Vec::new() })
    }

    /// Reads one answer; `bodiless` where none comes with a body, as to `HEAD`.
    ///
    /// # Errors
    /// What the system says; [`io::ErrorKind::InvalidData`] where it is no HTTP, or longer than is read.
    pub fn read(from: &mut dyn Read, bodiless: bool) -> io::Result<Self> {
        let (head, rest) = read_head(from)?;
        let mut answer = Self::of_head(&head).ok_or_else(not_http)?;
        if bodiless || answer.is_stream() || matches!(answer.status, 0..=199 | 204 | 304) {
            return Ok(answer);
        }
        let in_pieces = answer.header("transfer-encoding").is_some_and(|value| value == "chunked");
        let length = answer.header("content-length").map(str::parse::<usize>);
        answer.body = match length {
            _ if in_pieces => read_pieces(&mut rest.chain(from))?,
            Some(length) => read_exactly(&mut rest.chain(from), length.map_err(|_| not_http())?)?,
            None => {
                let mut body = Vec::new();
                rest.chain(from).take(LONGEST_BODY as u64).read_to_end(&mut body)?;
                body
            }
        };
        Ok(answer)
    }
}

/// The head, and what was read beyond it.
fn read_head(from: &mut dyn Read) -> io::Result<(Vec<u8>, io::Cursor<Vec<u8>>)> {
    let (mut read, mut piece) = (Vec::new(), [0; 4_096]);
    while read.len() < LONGEST_HEAD {
        let length = from.read(&mut piece)?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        read.extend_from_slice(piece.get(..length).unwrap_or_default());
        if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = read.split_off((end + 4).min(read.len()));
            read.truncate(end);
            return Ok((read, io::Cursor::new(rest)));
        }
    }
    Err(not_http())
}

fn read_exactly(from: &mut dyn Read, length: usize) -> io::Result<Vec<u8>> {
    if length > LONGEST_BODY {
        return Err(not_http());
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body)?;
    Ok(body)
}

fn read_pieces(from: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = read_line(from)?;
        let length = line.split(';').next().unwrap_or_default().trim();
        let length = usize::from_str_radix(length, 16).map_err(|_| not_http())?;
        if length.saturating_add(body.len()) > LONGEST_BODY {
            return Err(not_http());
        }
        body.extend(read_exactly(from, length)?);
        read_line(from)?;
        if length == 0 {
            return Ok(body);
        }
    }
}

fn read_line(from: &mut dyn Read) -> io::Result<String> {
    let (mut line, mut byte) = (Vec::new(), [0]);
    while !line.ends_with(b"\r\n") {
        from.read_exact(&mut byte)?;
        line.extend(byte);
        if line.len() > 1_024 {
            return Err(not_http());
        }
    }
    line.truncate(line.len().saturating_sub(2));
    String::from_utf8(line).map_err(|_| not_http())
}

fn not_http() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "not an answer of HTTP/1.1, or a longer one than is read",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_body_is_read_by_its_length_and_in_pieces() {
        let sized = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 404 ";
        let answer = Answer::read(&mut sized.as_slice(), false).unwrap();
        assert_eq!((answer.status, answer.body.as_slice()), (200, b"{}".as_slice()));
        let pieces =
            b"HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1;x=y\r\nd\r\n0\r\n\r\n";
        let answer = Answer::read(&mut pieces.as_slice(), false).unwrap();
        assert_eq!((answer.status, answer.body.as_slice()), (403, b"abcd".as_slice()));
    }

    #[test]
    fn a_body_longer_than_is_read_is_refused_before_there_is_room_for_it() {
        let long = b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n";
        assert!(Answer::read(&mut long.as_slice(), false).is_err());
        let long = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n";
        assert!(Answer::read(&mut long.as_slice(), false).is_err());
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(bytes in any::<Vec<u8>>(), text in "(HTTP/1\\.1 [0-9]{1,4}|[a-z-]{1,20}:|[0-9a-f]{0,18}|\r\n|chunked|.){0,12}") {
            let _ = Answer::read(&mut bytes.as_slice(), false);
            let _ = Answer::read(&mut text.as_bytes(), false);
            let _ = Answer::of_head(&bytes);
        }
    }
}
