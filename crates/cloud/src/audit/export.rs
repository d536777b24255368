//! The log as text: one JSON object a line, from which the exact bytes of each entry can be made again.
//!
//! What is easy to read is all there is: nothing is in a line twice but the time, and a line whose two times differ is
//! refused. So whoever changes a word in an export changes the entry, and a verifier finds it.

use serde::{Deserialize, Serialize};

use super::act::Who;
use super::chain::{Link, from_hex};
use super::entry::Entry;
use super::key::PublicKey;
use super::logged::Logged;
use crate::account::AccountId;
use crate::clock::iso8601;

/// The most bytes of a line.
pub const LINE_LIMIT: usize = 16 * 1_024;

/// A line of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Its number.
    pub seq: u64,
    /// What was written; absent where only the link was kept.
    #[serde(default, rename = "entry", skip_serializing_if = "Option::is_none")]
    pub said: Option<Said>,
    /// Its link, in hex.
    pub link: String,
    /// The signature over number and link, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

/// What an entry says, for people and programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// When, ISO 8601 in UTC.
    pub at: String,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// Who: `account` and 32 hex digits, `client` and its id, `device` and 24 hex digits, `operator`, `node` or `stranger`.
    pub who: String,
    /// What was done.
    pub what: String,
    /// On what.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub on: String,
    /// How many times, where it was more than once.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub times: u32,
    /// The mark of the token, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// The commitment to the reason, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The key it names, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// A line that is none of an export.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no line of an export of the audit log: {0}")]
pub struct NotALine(String);

fn once() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_once(times: &u32) -> bool {
    *times == 1
}

/// The line of a row; `None` where its bytes are no entry.
#[must_use]
pub fn line(row: &Logged) -> Option<Line> {
    let said = match &row.body {
        None => None,
        Some(body) => Some(said(&Entry::decode(body).ok().filter(|entry| entry.seq == row.seq)?)),
    };
    let signature = row.signature.map(|signature| hex(&signature));
    Some(Line { seq: row.seq, said, link: row.link.to_string(), signature })
}

/// The line of a row, as text without its end; `None` where its bytes are no entry.
#[must_use]
pub fn text(row: &Logged) -> Option<String> {
    serde_json::to_string(&line(row)?).ok()
}

/// What an entry says.
#[must_use]
pub fn said(entry: &Entry) -> Said {
    let who = match &entry.who {
        Who::Account(id) => format!("account {}", hex(id.as_bytes())),
        Who::Client(id) => format!("client {id}"),
        Who::Device(id) => format!("device {id}"),
        Who::Operator => "operator".to_owned(),
        Who::Node => "node".to_owned(),
        Who::Stranger => "stranger".to_owned(),
    };
    Said {
        at: iso8601(entry.at_ms),
        at_ms: entry.at_ms,
        who,
        what: entry.what.clone(),
        on: entry.on.clone(),
        times: entry.times,
        token: entry.token.map(|token| hex(&token)),
        refused: entry.refused.clone(),
        reason: entry.reason.map(|reason| hex(&reason)),
        key: entry.key.map(|key| key.to_string()),
    }
}

/// Reads a line.
///
/// # Errors
/// [`NotALine`].
pub fn parse(text: &str) -> Result<Logged, NotALine> {
    let line: Line = serde_json::from_str(text).map_err(|error| NotALine(error.to_string()))?;
    let link = Link(from_hex(&line.link).ok_or_else(|| wrong("link"))?);
    let signature =
        line.signature.as_deref().map(|text| from_hex(text).ok_or_else(|| wrong("signature")));
    let body = line.said.map(|said| entry(line.seq, said)).transpose()?;
    let body = body.map(|entry| entry.encode());
    Ok(Logged { seq: line.seq, body, link, signature: signature.transpose()? })
}

fn entry(seq: u64, said: Said) -> Result<Entry, NotALine> {
    if said.at != iso8601(said.at_ms) {
        return Err(NotALine("its two times differ".to_owned()));
    }
    fn bytes<const N: usize>(
        text: Option<&String>,
        name: &str,
    ) -> Result<Option<[u8; N]>, NotALine> {
        text.map(|text| from_hex(text).ok_or_else(|| wrong(name))).transpose()
    }
    Ok(Entry {
        seq,
        at_ms: said.at_ms,
        times: said.times,
        who: who(&said.who).ok_or_else(|| wrong("who"))?,
        token: bytes(said.token.as_ref(), "token")?,
        reason: bytes(said.reason.as_ref(), "reason")?,
        key: bytes(said.key.as_ref(), "key")?.map(PublicKey),
        what: said.what,
        on: said.on,
        refused: said.refused,
    })
}

fn who(text: &str) -> Option<Who> {
    Some(match text.split_once(' ') {
        Some(("account", id)) => Who::Account(AccountId::from_bytes(from_hex(id)?)),
        Some(("client", id)) => Who::Client(id.to_owned()),
        Some(("device", id)) => Who::Device(id.parse().ok()?),
        None if text == "operator" => Who::Operator,
        None if text == "node" => Who::Node,
        None if text == "stranger" => Who::Stranger,
        _ => return None,
    })
}

fn wrong(name: &str) -> NotALine {
    NotALine(format!("its {name} cannot be read"))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // A string takes all that is written.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::entry::tests::entries;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn p10_an_export_gives_the_exact_entries_again(entry in entries(), signature in any::<Option<u8>>()) {
            let signature = signature.map(|byte| [byte; 64]);
            let row = Logged { seq: entry.seq, body: Some(entry.encode()), link: Link([3; 32]), signature };
            let text = serde_json::to_string(&line(&row).unwrap()).unwrap();
            prop_assert!(text.len() <= LINE_LIMIT);
            prop_assert_eq!(parse(&text), Ok(row));
        }
    }

    #[test]
    fn a_line_of_what_was_removed_has_its_link_alone() {
        let row = Logged { seq: 4, body: None, link: Link([3; 32]), signature: None };
        let text = serde_json::to_string(&line(&row).unwrap()).unwrap();
        assert_eq!(text, format!(r#"{{"seq":4,"link":"{}"}}"#, "03".repeat(32)));
        assert_eq!(parse(&text), Ok(row));
    }

    #[test]
    fn a_line_with_two_different_times_or_unknown_words_is_refused() {
        let good = r#"{"seq":1,"entry":{"at":"1970-01-01T00:00:00.000Z","at_ms":0,"who":"node","what":"x"},"link":"LINK"}"#;
        let good = good.replace("LINK", &"00".repeat(32));
        parse(&good).unwrap();
        for (from, to) in
            [(":0,", ":1,"), ("node", "nobody"), ("\"what\"", "\"whatever\""), ("00\"}", "\"}")]
        {
            assert!(parse(&good.replace(from, to)).is_err(), "{from}");
        }
    }
}
