//! The report as JUnit XML, for continuous integration: a suite for each item, a case for each check.

use super::{Entry, ItemCounts, Report};
use crate::finding::{Accepted, Outcome};
use crate::verdict::Fault;
use std::fmt::Write;

/// The file that has it.
pub const FILE: &str = "report.junit.xml";

/// The whole document.
#[must_use]
pub fn document(report: &Report) -> String {
    let total = &report.total;
    let suites: String = report.items.iter().map(|item| suite(report, item)).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"pintle checklist\" \
         tests=\"{}\" failures=\"{}\" skipped=\"{}\" errors=\"0\">\n{suites}</testsuites>\n",
        total.all(),
        total.broken(),
        total.untried
    )
}

fn suite(report: &Report, item: &ItemCounts) -> String {
    let counts = &item.counts;
    let cases: String =
        report.findings.iter().filter(|entry| entry.item == item.item).map(case).collect();
    format!(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\" errors=\"0\" \
         timestamp=\"{}\">\n{cases}  </testsuite>\n",
        escaped(&item.title),
        counts.all(),
        counts.broken(),
        counts.untried,
        escaped(report.times.began.trim_end_matches('Z'))
    )
}

fn case(entry: &Entry) -> String {
    format!(
        "    <testcase classname=\"checklist.{}\" name=\"{}\">{}</testcase>\n",
        escaped(entry.check.split('-').next().unwrap_or_default()),
        escaped(&entry.check),
        outcome(entry)
    )
}

fn outcome(entry: &Entry) -> String {
    match &entry.outcome {
        Outcome::Holds { seen } => format!("<system-out>{}</system-out>", escaped(seen)),
        Outcome::Untried { why } => format!("<skipped message=\"{}\"/>", escaped(why)),
        Outcome::Accepted { accepted } => {
            format!("<system-out>{}</system-out>", escaped(&answered_for(accepted)))
        }
        Outcome::Broken { faults, .. } => format!(
            "<failure type=\"{}\" message=\"{}\">{}</failure>",
            entry.severity.name(),
            escaped(&entry.claim),
            escaped(&told(faults, &entry.remedy))
        ),
    }
}

fn told(faults: &[Fault], remedy: &str) -> String {
    let mut text = String::new();
    for fault in faults {
        let _ = writeln!(text, "{}: {}", fault.subject, fault.detail);
    }
    text + remedy
}

fn answered_for(accepted: &[Accepted]) -> String {
    let line = |accepted: &Accepted| {
        let (fault, by) = (&accepted.fault, &accepted.by);
        let (by, until, why) = (&by.by, &by.until, &by.why);
        format!("{}: accepted by {by} until {until}: {why}\n", fault.subject)
    };
    accepted.iter().map(line).collect()
}

/// For text and attributes. What XML 1.0 has no way to write becomes a replacement character.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_escaped_or_replaced() {
        assert_eq!(escaped("<a b=\"c\">&\0\n"), "&lt;a b=&quot;c&quot;&gt;&amp;\u{fffd}&#10;");
    }
}
