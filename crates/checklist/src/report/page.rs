//! The report as one page of HTML: no script, nothing from elsewhere, readable on paper, by keyboard and by ear.
//!
//! The templates hold the words and the shape; here is only what they are filled with.

use super::{Chapter, Counts, Entry, ItemCounts, Report};
use crate::access::graph::Graph;
use crate::finding::{Accepted, Outcome};
use crate::run::Aim;
use crate::trend::Trend;
use crate::verdict::Fault;
use askama::Template;
use history::History;
use reach::Reach;
use ring::{Piece, Ring, words};
use std::collections::BTreeMap;

mod history;
mod reach;
mod ring;

/// The file that has it.
pub const FILE: &str = "report.html";

/// Faults of a check that are seen without opening anything.
const FIRST: usize = 6;

/// What stands on the page beside the report.
#[derive(Default)]
pub struct Beside {
    /// The fingerprint of the key that signs it.
    pub signer: Option<String>,
    /// Who reaches which device.
    pub graph: Option<Graph>,
    /// The runs before this one.
    pub trend: Option<Trend>,
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    report: &'a Report,
    title: String,
    verdict: String,
    began: String,
    took: String,
    about: &'static str,
    rings: Vec<Ring>,
    news: Option<String>,
    broken: Vec<Broken<'a>>,
    reasons: Vec<Reason<'a>>,
    accepted: Vec<(&'a Entry, &'a Accepted)>,
    risks: Vec<RiskCard<'a>>,
    reach: Option<Reach>,
    history: Option<History>,
    items: Vec<ItemRows<'a>>,
    signer: Option<String>,
}

struct Broken<'a> {
    entry: &'a Entry,
    faults: &'a [Fault],
}

struct Reason<'a> {
    why: &'a str,
    entries: Vec<&'a Entry>,
}

struct RiskCard<'a> {
    chapter: &'a Chapter,
    words: String,
    pieces: Vec<Piece>,
}

struct ItemRows<'a> {
    counts: &'a ItemCounts,
    words: String,
    entries: Vec<Row<'a>>,
}

struct Row<'a> {
    entry: &'a Entry,
    kind: &'static str,
    mark: &'static str,
    word: &'static str,
    seen: String,
}

/// The page.
///
/// # Errors
/// It cannot be written.
pub fn html(report: &Report, beside: Beside) -> Result<String, askama::Error> {
    let history = beside.trend.map(History::of);
    Page {
        title: title(report),
        verdict: verdict(&report.total),
        began: report.times.began.replace('T', " ").replace('Z', " UTC"),
        took: took(report.times.took_ms),
        about: about(report.target),
        rings: report.items.iter().map(Ring::of).collect(),
        news: history.as_ref().and_then(History::news),
        broken: report.broken().into_iter().map(Broken::of).collect(),
        reasons: reasons(report),
        accepted: accepted(report),
        risks: report.risks.iter().map(RiskCard::of).collect(),
        reach: beside.graph.as_ref().map(Reach::of),
        history,
        items: report.items.iter().map(|item| ItemRows::of(item, report)).collect(),
        signer: beside.signer,
        report,
    }
    .render()
}

fn title(report: &Report) -> String {
    match report.product.is_empty() {
        true => "Security checklist".into(),
        false => format!("Security checklist of {}", report.product),
    }
}

fn verdict(total: &Counts) -> String {
    let (broken, untried) = (total.broken(), total.untried);
    let rest = match untried {
        0 => String::new(),
        1 => "; one could not be tried".into(),
        _ => format!("; {untried} could not be tried"),
    };
    match (broken, total.tried()) {
        (_, 0) => "Nothing could be tried.".into(),
        (0, tried) if total.accepted == 0 => {
            format!("All {tried} claims that were tried hold{rest}.")
        }
        (0, tried) => format!(
            "{} of {tried} claims that were tried hold, the others are answered for{rest}.",
            total.holds
        ),
        (1, tried) => format!("One of {tried} claims does not hold{rest}."),
        (_, tried) => format!("{broken} of {tried} claims do not hold{rest}."),
    }
}

fn took(ms: u64) -> String {
    match ms / 1000 {
        0 => "less than a second".into(),
        1 => "one second".into(),
        seconds @ 2..120 => format!("{seconds} seconds"),
        seconds => format!("{} minutes", seconds / 60),
    }
}

const fn about(target: Aim) -> &'static str {
    match target {
        Aim::Device => "a device",
        Aim::Host => "a machine",
        Aim::Cloud => "a node of the cloud",
        Aim::Product => "the whole product",
    }
}

fn reasons(report: &Report) -> Vec<Reason<'_>> {
    let mut reasons: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for entry in &report.findings {
        if let Outcome::Untried { why } = &entry.outcome {
            reasons.entry(why).or_default().push(entry);
        }
    }
    let mut reasons: Vec<_> =
        reasons.into_iter().map(|(why, entries)| Reason { why, entries }).collect();
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.entries.len()));
    reasons
}

fn accepted(report: &Report) -> Vec<(&Entry, &Accepted)> {
    let with_entry =
        |entry| answered_for(entry).iter().map(move |accepted: &Accepted| (entry, accepted));
    report.findings.iter().flat_map(with_entry).collect()
}

fn answered_for(entry: &Entry) -> &[Accepted] {
    match &entry.outcome {
        Outcome::Accepted { accepted } | Outcome::Broken { accepted, .. } => accepted,
        Outcome::Holds { .. } | Outcome::Untried { .. } => &[],
    }
}

impl<'a> Broken<'a> {
    fn of(entry: &'a Entry) -> Self {
        let faults: &[Fault] = match &entry.outcome {
            Outcome::Broken { faults, .. } => faults,
            _ => &[],
        };
        Self { entry, faults }
    }

    fn first(&self) -> &'a [Fault] {
        self.faults.get(..FIRST).unwrap_or(self.faults)
    }

    fn rest(&self) -> &'a [Fault] {
        self.faults.get(FIRST..).unwrap_or_default()
    }
}

impl<'a> RiskCard<'a> {
    fn of(chapter: &'a Chapter) -> Self {
        Self { chapter, words: words(&chapter.counts), pieces: ring::pieces(&chapter.counts, 0.0) }
    }
}

impl<'a> ItemRows<'a> {
    fn of(counts: &'a ItemCounts, report: &'a Report) -> Self {
        let of_item = report.findings.iter().filter(|entry| entry.item == counts.item);
        Self { counts, words: words(&counts.counts), entries: of_item.map(Row::of).collect() }
    }
}

impl<'a> Row<'a> {
    fn of(entry: &'a Entry) -> Self {
        let (kind, mark, word, seen) = match &entry.outcome {
            Outcome::Holds { seen } => ("holds", "holds", "holds", seen.clone()),
            Outcome::Untried { why } => ("untried", "untried", "not tried", why.clone()),
            Outcome::Accepted { accepted } => {
                ("accepted", "accepted", "accepted", things(accepted.len()))
            }
            Outcome::Broken { faults, .. } => {
                (entry.severity.name(), "broken", entry.severity.name(), things(faults.len()))
            }
        };
        Self { entry, kind, mark, word, seen }
    }
}

fn things(count: usize) -> String {
    match count {
        1 => "One thing is wrong.".into(),
        count => format!("{count} things are wrong."),
    }
}
