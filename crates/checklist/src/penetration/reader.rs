//! Reports of hired testers as files: SARIF 2.1.0 and CSV. Whatever is in them, nothing here panics, and what is not
//! understood is said and not passed over.

use super::hired::{Found, Grade, State};
use serde::Deserialize;
use serde_json::Value;

/// A report has at most so many findings.
const MOST: usize = 10_000;
/// Characters of a line that are kept.
const LINE: usize = 300;

/// Reads a report in SARIF.
///
/// # Errors
/// What is wrong with it.
pub fn sarif(bytes: &[u8]) -> Result<Vec<Found>, String> {
    let log: Log = serde_json::from_slice(bytes).map_err(|why| format!("it is no SARIF: {why}"))?;
    if !log.version.starts_with("2.") {
        return Err(format!("it is SARIF {}, and 2.1.0 is read", line(&log.version)));
    }
    let results = log.runs.iter().flat_map(|run| &run.results);
    let found: Vec<Found> = results.take(MOST + 1).enumerate().map(of_result).collect();
    bounded(found)
}

/// Reads a report in CSV with a line of headings: `id`, `title`, `severity`; also `place`, `status` and `retested` where
/// they are there.
///
/// # Errors
/// What is wrong with it, and in which line.
pub fn csv(bytes: &[u8]) -> Result<Vec<Found>, String> {
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(bytes);
    let headings = reader.headers().map_err(|why| format!("it is no CSV: {why}"))?.clone();
    let column = |names: &[&str]| {
        let is = |heading: &str| names.iter().any(|name| heading.eq_ignore_ascii_case(name));
        headings.iter().position(|heading| is(heading.trim_start_matches('\u{feff}')))
    };
    let missing = |name: &str| format!("it has no column \"{name}\"");
    let columns = Columns {
        id: column(&["id", "finding", "reference", "ref"]).ok_or_else(|| missing("id"))?,
        title: column(&["title", "name", "summary"]).ok_or_else(|| missing("title"))?,
        grade: column(&["severity", "risk", "rating"]).ok_or_else(|| missing("severity"))?,
        place: column(&["place", "asset", "location", "target"]),
        status: column(&["status", "state"]),
        retested: column(&["retested", "retest", "retest date"]),
    };
    let records = reader.records().take(MOST + 1);
    let found = records.map(|record| columns.found(&record.map_err(|why| why.to_string())?));
    bounded(found.collect::<Result<_, String>>()?)
}

fn bounded(found: Vec<Found>) -> Result<Vec<Found>, String> {
    if found.len() > MOST {
        return Err(format!("it has more than {MOST} findings"));
    }
    Ok(found)
}

/// Where things stand in a row.
struct Columns {
    id: usize,
    title: usize,
    grade: usize,
    place: Option<usize>,
    status: Option<usize>,
    retested: Option<usize>,
}

impl Columns {
    fn found(&self, record: &csv::StringRecord) -> Result<Found, String> {
        let at = |column: usize| record.get(column).unwrap_or_default();
        let may = |column: Option<usize>| column.map(at).unwrap_or_default();
        let row = record.position().map_or(0, csv::Position::line);
        let word = at(self.grade);
        let score = || word.parse().ok().map(Grade::of_score);
        let grade = Grade::of_word(word).or_else(score).ok_or_else(|| {
            format!(
                "line {row}: \"{}\" is no severity: critical, high, medium, low or info",
                line(word)
            )
        })?;
        if at(self.id).is_empty() {
            return Err(format!("line {row}: the finding has no id"));
        }
        let state = state_of(may(self.status), !may(self.retested).is_empty())
            .ok_or_else(|| format!("line {row}: \"{}\" is no status", line(may(self.status))))?;
        let (id, title) = (line(at(self.id)), line(at(self.title)));
        Ok(Found { id, grade, title, place: line(may(self.place)), state })
    }
}

/// What a word of a report says of a finding. What is accepted is so in the profile, or it is open.
fn state_of(word: &str, retested: bool) -> Option<State> {
    Some(match word.trim().to_ascii_lowercase().as_str() {
        "" | "open" | "new" | "unchanged" | "confirmed" | "accepted" | "wontfix" | "won't fix" => {
            State::Open
        }
        "fixed" | "mended" | "resolved" | "remediated" | "mitigated" if !retested => State::Mended,
        "fixed" | "mended" | "resolved" | "remediated" | "mitigated" => State::Gone,
        "gone" | "closed" | "verified" | "retested" => State::Gone,
        _ => return None,
    })
}

/// One line of bounded length, whatever a tester pasted.
fn line(text: &str) -> String {
    let plain = text.chars().map(|one| if one.is_control() { ' ' } else { one });
    plain.take(LINE).collect::<String>().trim().to_owned()
}

#[derive(Deserialize)]
struct Log {
    version: String,
    #[serde(default)]
    runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    #[serde(default)]
    results: Vec<Value>,
}

fn of_result((number, result): (usize, &Value)) -> Found {
    let text = |pointer: &str| result.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let first = |all: &[&str]| all.iter().map(|one| line(text(one))).find(|one| !one.is_empty());
    let id = first(&["/guid", "/properties/id", "/ruleId"]);
    let title = first(&["/message/text", "/message/markdown", "/message/id"]);
    let place = first(&[
        "/locations/0/physicalLocation/artifactLocation/uri",
        "/locations/0/logicalLocations/0/fullyQualifiedName",
    ]);
    Found {
        id: id.unwrap_or_else(|| format!("result {}", number + 1)),
        grade: grade_of(result),
        title: title.unwrap_or_default(),
        place: place.unwrap_or_default(),
        state: match text("/baselineState") {
            "absent" => State::Mended,
            _ => state_of(text("/properties/status"), false).unwrap_or(State::Open),
        },
    }
}

/// A score where there is one, else the level, which is a warning where it is not said.
fn grade_of(result: &Value) -> Grade {
    let score = result.pointer("/properties/security-severity");
    let score = score.and_then(|score| score.as_f64().or_else(|| score.as_str()?.parse().ok()));
    let level = || result.get("level").and_then(Value::as_str).and_then(Grade::of_word);
    score.map(Grade::of_score).or_else(level).unwrap_or(Grade::Medium)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_report_in_csv_is_read_whatever_its_columns_are_called() {
        let text = "Reference,Risk,Title,Asset,Status,Retested\n\
                    PT-1,High,\"Login, guessed\",api,fixed,2026-06-01\nPT-2,4.3,Banner,,Fixed,\nPT-3,info,Note,,,\n";
        let found = csv(text.as_bytes()).unwrap();
        let seen: Vec<_> =
            found.iter().map(|one| (one.id.as_str(), one.grade, one.state)).collect();
        assert_eq!(
            seen,
            [
                ("PT-1", Grade::High, State::Gone),
                ("PT-2", Grade::Medium, State::Mended),
                ("PT-3", Grade::Note, State::Open)
            ]
        );
        assert_eq!(found[0].title, "Login, guessed");
    }

    #[test]
    fn what_is_not_understood_in_a_csv_is_named_with_its_line() {
        let text = "id,title,severity,status\nA,t,high,open\nB,t,scary,open\n";
        assert!(csv(text.as_bytes()).unwrap_err().starts_with("line 3: \"scary\""));
        assert!(csv(b"id,title\nA,t\n").unwrap_err().contains("severity"));
        assert!(
            csv(b"id,title,severity,status\nA,t,low,perhaps\n").unwrap_err().contains("perhaps")
        );
    }

    #[test]
    fn a_report_in_sarif_is_read_with_its_levels_scores_and_baselines() {
        let text = r#"{"version": "2.1.0", "runs": [{"results": [
            {"ruleId": "R1", "level": "error", "message": {"text": "bad\nthing"}},
            {"guid": "G2", "properties": {"security-severity": "9.8"}, "message": {"text": "worse"}, "baselineState": "absent"},
            {"message": {"text": "unnamed"}, "properties": {"status": "closed"}}]}]}"#;
        let found = sarif(text.as_bytes()).unwrap();
        let seen: Vec<_> =
            found.iter().map(|one| (one.id.as_str(), one.grade, one.state)).collect();
        assert_eq!(
            seen,
            [
                ("R1", Grade::High, State::Open),
                ("G2", Grade::Critical, State::Mended),
                ("result 3", Grade::Medium, State::Gone)
            ]
        );
        assert_eq!(found[0].title, "bad thing");
        assert!(sarif(b"{\"version\": \"1.0\"}").unwrap_err().contains("2.1.0"));
    }

    proptest! {
        #[test]
        fn no_report_makes_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = (csv(&bytes), sarif(&bytes));
            let headed = [b"id,title,severity,status,retested\n".as_slice(), &bytes].concat();
            let _ = csv(&headed);
        }
    }
}
