//! Lines that are events: `NAME DATA`, or a JSON object with `name` and `data`.

use serde::Deserialize;
use std::collections::VecDeque;

/// Longest line that is taken, in bytes: a full event whose every byte is escaped in JSON, and its keys.
const LONGEST: usize = 8 * 1024;

/// An event as it was written.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct LineEvent {
    pub(super) name: String,
    pub(super) data: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonLine {
    name: String,
    #[serde(default)]
    data: serde_json::Value,
}

/// Cuts a stream into lines. Holds at most one unfinished line; one that is too long is dropped whole.
#[derive(Default)]
pub(super) struct Lines {
    rest: Vec<u8>,
    overflowed: bool,
    ready: VecDeque<Vec<u8>>,
}

impl Lines {
    /// Takes more of the stream.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\n' => self.end_line(),
                _ if self.rest.len() >= LONGEST => self.overflowed = true,
                byte => self.rest.push(*byte),
            }
        }
    }

    /// The stream is over; what is left is a line.
    pub(super) fn end(&mut self) {
        if !self.rest.is_empty() {
            self.end_line();
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.rest);
        if !std::mem::take(&mut self.overflowed) {
            self.ready.push_back(line);
        }
    }

    /// The next event, or why a line is none. Empty lines are passed over.
    pub(super) fn next_event(&mut self) -> Option<Result<LineEvent, String>> {
        loop {
            let line = self.ready.pop_front()?;
            if !line.trim_ascii().is_empty() {
                return Some(event_of(line.trim_ascii_start()));
            }
        }
    }
}

fn event_of(line: &[u8]) -> Result<LineEvent, String> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.starts_with(b"{") {
        let JsonLine { name, data } =
            serde_json::from_slice(line).map_err(|error| error.to_string())?;
        let data = match data {
            serde_json::Value::Null => Vec::new(),
            serde_json::Value::String(text) => text.into_bytes(),
            other => other.to_string().into_bytes(),
        };
        return Ok(LineEvent { name, data });
    }
    let end = line.iter().position(|byte| matches!(byte, b' ' | b'\t')).unwrap_or(line.len());
    let (name, data) = line.split_at_checked(end).unwrap_or((line, &[]));
    let name = std::str::from_utf8(name).map_err(|_| "the name is not UTF-8".to_owned())?;
    Ok(LineEvent { name: name.to_owned(), data: data.trim_ascii_start().to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(text: &[u8]) -> Vec<Result<LineEvent, String>> {
        let mut lines = Lines::default();
        text.chunks(3).for_each(|piece| lines.push(piece));
        lines.end();
        std::iter::from_fn(|| lines.next_event()).collect()
    }

    fn event(name: &str, data: &str) -> LineEvent {
        LineEvent { name: name.to_owned(), data: data.as_bytes().to_vec() }
    }

    #[test]
    fn lines_are_names_with_data_or_json() {
        let text = b"temp 21.5 C\n\nbare\r\n{\"name\":\"a/b\",\"data\":{\"x\":1}}\n{\"name\":\"s\",\"data\":\"t\"}\nlast 1";
        let expected = [
            event("temp", "21.5 C"),
            event("bare", ""),
            event("a/b", "{\"x\":1}"),
            event("s", "t"),
            event("last", "1"),
        ];
        let found: Vec<_> = events(text).into_iter().map(Result::unwrap).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn bad_lines_are_told_and_too_long_ones_dropped() {
        assert!(events(b"{\"name\":\"a\",\"date\":1}\n")[0].is_err());
        assert!(events(b"\xff\xfe x\n")[0].is_err());
        let mut text = vec![b'x'; LONGEST + 1];
        text.extend_from_slice(b"\nnext 1\n");
        assert_eq!(events(&text), [Ok(event("next", "1"))]);
    }
}
