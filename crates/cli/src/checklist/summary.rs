//! A report in a terminal: what is broken with what to do, what could not be tried, and the items in one line each.

use crate::say::say;
use pintle_checklist::Severity;
use pintle_checklist::finding::Outcome;
use pintle_checklist::report::{Counts, Entry, Report};
use std::collections::BTreeMap;
use std::io::{self, IsTerminal};

/// Faults that are named; the report has all.
const NAMED: usize = 5;

pub fn print(report: &Report) {
    let colour = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    report.broken().into_iter().for_each(|entry| broken(entry, colour));
    untried(report);
    items(report);
    say!("{}", sentence(&report.total));
}

fn broken(entry: &Entry, colour: bool) {
    let Outcome::Broken { faults, .. } = &entry.outcome else { return };
    say!("{} {}", label(entry.severity, colour), entry.check);
    say!("    should be: {}", entry.claim);
    faults.iter().take(NAMED).for_each(|fault| say!("    {}: {}", fault.subject, fault.detail));
    if let Some(more) = faults.len().checked_sub(NAMED).filter(|more| *more > 0) {
        say!("    and {more} more");
    }
    say!("    do: {}", entry.remedy);
}

fn untried(report: &Report) {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for entry in &report.findings {
        if let Outcome::Untried { why } = &entry.outcome {
            reasons.entry(why).or_default().push(&entry.check);
        }
    }
    for (why, checks) in reasons {
        say!("not tried, {why}: {}", checks.join(", "));
    }
}

fn items(report: &Report) {
    for item in &report.items {
        say!("{}. {:<20} {}", item.number, item.title, numbers(&item.counts));
    }
}

fn numbers(counts: &Counts) -> String {
    let parts = [
        (counts.holds, "hold"),
        (counts.broken(), "broken"),
        (counts.accepted, "accepted"),
        (counts.untried, "not tried"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    if parts.is_empty() { "no checks".into() } else { parts.join(", ") }
}

fn sentence(counts: &Counts) -> String {
    let all = counts.all();
    let worst = match counts.worst {
        None => String::new(),
        Some(worst) => format!("; the worst is {}", worst.name()),
    };
    format!("{all} checks: {}{worst}", numbers(counts))
}

fn label(severity: Severity, colour: bool) -> String {
    let name = severity.name();
    if !colour {
        return format!("{name}:");
    }
    let code = match severity {
        Severity::Critical | Severity::High => 31,
        Severity::Medium => 33,
        Severity::Low => 36,
    };
    format!("\x1b[1;{code}m{name}\x1b[0m:")
}
