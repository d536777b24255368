//! A report with everything in it that a report can have: every outcome, every severity, names that no line can break, and
//! text that would be markup if it were not escaped.

use pintle_checklist::access::graph::{Graph, Place, Power, Way, Who};
use pintle_checklist::diff::Difference;
use pintle_checklist::finding::{Accepted, Outcome};
use pintle_checklist::profile::Acceptance;
use pintle_checklist::report::page::Beside;
use pintle_checklist::report::{Chapter, Counts, Entry, Evidence, FORMAT, ItemCounts, Mapped};
use pintle_checklist::report::{Report, Times};
use pintle_checklist::survey::Kind;
use pintle_checklist::trend::{Point, Trend};
use pintle_checklist::{Aim, Fault, Item, Risk, Room, Run, Severity};
use std::collections::BTreeMap;
use std::time::Duration;

/// Text that breaks a page which does not escape it.
pub const HOSTILE: &str = "</title><script>alert(1)</script>\"'&<img src=x onerror=alert(1)>";

const LONG: &str = "/usr/lib/x86_64-linux-gnu/a-folder-with-a-long-name/and-another-one-in-it/libexec/pintle-telemetry-uploader.service.d/override.conf";

/// A run, with all of its files.
pub fn run() -> Run {
    let evidence: Vec<Evidence> = Room::ALL
        .into_iter()
        .map(|room| Evidence::new(room, format!("{{\"room\":\"{}\"}}\n", room.name()).into()))
        .collect();
    Run { report: report(entries(), &evidence), evidence, graph: Some(graph()) }
}

/// A report of these findings.
pub fn report(findings: Vec<Entry>, evidence: &[Evidence]) -> Report {
    let item = |item: Item| ItemCounts {
        number: item.number(),
        item,
        title: item.title().into(),
        counts: Counts::of(findings.iter().filter(|entry| entry.item == item)),
    };
    let took = BTreeMap::from([("system", Duration::from_millis(1200))]);
    Report {
        format: FORMAT.into(),
        program: "pintle 0.1.0".into(),
        product: "Thermostat".into(),
        target: Aim::Product,
        times: Times::new(1_795_000_000_000, Duration::from_secs(47), took),
        total: Counts::of(&findings),
        items: Item::ALL.into_iter().map(item).collect(),
        risks: Risk::ALL.into_iter().map(|risk| chapter(risk, &findings)).collect(),
        findings,
        evidence: evidence.to_vec(),
        please_confirm: vec!["ports[2]".into(), "functions.heating".into()],
    }
}

/// What stands on its page beside it: two runs before it, and who reaches what.
pub fn beside(run: &Run) -> Beside {
    let point = |began: &str, entries: &[Entry]| Point {
        began: began.into(),
        program: "pintle 0.1.0".into(),
        total: Counts::of(entries),
    };
    let (all, fewer) = (entries(), entries().into_iter().skip(1).collect::<Vec<_>>());
    let earlier = report(fewer.clone(), &run.evidence);
    let trend = Trend {
        points: vec![
            point("2026-11-21T03:30:00Z", &fewer),
            point("2026-11-22T03:30:00Z", &fewer),
            point("2026-11-23T03:30:00Z", &all),
        ],
        change: Some(Difference::between(&earlier, &run.report)),
    };
    Beside { signer: Some("ab".repeat(32)), graph: run.graph.clone(), trend: Some(trend) }
}

fn chapter(risk: Risk, findings: &[Entry]) -> Chapter {
    let covering: Vec<&Entry> =
        findings.iter().filter(|entry| entry.risks.contains(&risk)).collect();
    let named = |is: fn(&Outcome) -> bool| {
        covering
            .iter()
            .filter(|entry| is(&entry.outcome))
            .map(|entry| entry.check.clone())
            .collect()
    };
    Chapter {
        risk,
        title: risk.title().into(),
        functions: if risk == Risk::Downtime { Vec::new() } else { vec!["heating".into()] },
        open: named(|outcome| matches!(outcome, Outcome::Broken { .. })),
        untried: named(|outcome| matches!(outcome, Outcome::Untried { .. })),
        counts: Counts::of(covering),
    }
}

/// One finding.
pub fn entry(check: &str, item: Item, severity: Severity, outcome: Outcome) -> Entry {
    let mapped = |standard: &str, id: &str| Mapped { standard: standard.into(), id: id.into() };
    Entry {
        check: check.into(),
        item,
        severity,
        claim: "Every socket that listens is one that the product declares.".into(),
        how: "Reads the kernel's tables of sockets in every network namespace, and connects from another address.".into(),
        remedy: "Stop the program that listens, or declare the socket in the profile with what it is for.".into(),
        anchors: vec![mapped("OWASP ISVS", "3.2.2"), mapped("EN 303 645", "5.6-1"), mapped("CRA", "I.1(2)(j)")],
        risks: vec![Risk::CustomerData, Risk::PhysicalDamage],
        evidence: "evidence/system.json".into(),
        outcome,
    }
}

/// A broken one.
pub fn broken(faults: &[(&str, &str)]) -> Outcome {
    let faults = faults.iter().map(|(subject, detail)| Fault::new(*subject, *detail)).collect();
    Outcome::Broken { faults, accepted: Vec::new() }
}

/// One that holds.
pub fn holds() -> Outcome {
    Outcome::Holds { seen: "12 sockets listen, and all of them are declared.".into() }
}

fn accepted() -> Accepted {
    let by = Acceptance {
        check: "system-ports-declared".into(),
        subject: None,
        by: "product security".into(),
        until: "2027-01-31".into(),
        why: "The port goes with the next board.".into(),
    };
    Accepted { fault: Fault::new("udp 5353", "avahi-daemon listens, and nobody declared it"), by }
}

fn entries() -> Vec<Entry> {
    let mut entries = vec![
        entry(
            "system-critical",
            Item::OperatingSystem,
            Severity::Critical,
            broken(&[(HOSTILE, HOSTILE), (LONG, "anybody may write to it, and root runs it")]),
        ),
        entry("communication-high", Item::Communication, Severity::High, broken(&many())),
        entry(
            "node-medium",
            Item::Cloud,
            Severity::Medium,
            broken(&[("config.toml", "is read by all")]),
        ),
        entry(
            "access-low",
            Item::UserAccess,
            Severity::Low,
            broken(&[("a1b2c3", "has no second factor")]),
        ),
        entry(
            "system-accepted",
            Item::OperatingSystem,
            Severity::Medium,
            Outcome::Accepted { accepted: vec![accepted()] },
        ),
        entry(
            "dependency-both",
            Item::Dependencies,
            Severity::High,
            Outcome::Broken {
                faults: vec![Fault::new("openssl 3.0.1", "has a known hole")],
                accepted: vec![accepted()],
            },
        ),
    ];
    for item in Item::ALL {
        for number in 0..5 {
            let check = format!("holds-{}-{number}", item.number());
            entries.push(entry(&check, item, Severity::High, holds()));
        }
        let why = "only root sees which program listens: run this as root".into();
        let check = format!("untried-{}", item.number());
        entries.push(entry(&check, item, Severity::Low, Outcome::Untried { why }));
    }
    entries
}

fn many() -> Vec<(&'static str, &'static str)> {
    [
        "tcp 22", "tcp 80", "tcp 111", "tcp 631", "udp 68", "udp 5353", "udp 1900", "tcp 6010",
        "tcp 6011",
    ]
    .map(|subject| (subject, "listens on every address, and nobody declared it"))
    .to_vec()
}

fn graph() -> Graph {
    let who =
        |handle: &str, kind, second_factor| Who { handle: handle.into(), kind, second_factor };
    let place = |name: &str, devices| Place { name: name.into(), devices };
    let way = |who: &str, place: &str, by: &str, may: &[Power]| Way {
        who: who.into(),
        place: place.into(),
        by: by.into(),
        may: may.to_vec(),
    };
    Graph {
        who: vec![
            who("4f2a9c", Kind::Person, true),
            who("81d0e7", Kind::Person, false),
            who("c0ffee", Kind::Service, false),
        ],
        places: vec![place("devices of 4f2a9c", 3), place("product 7 (thermostat)", 1204)],
        ways: vec![
            way("4f2a9c", "devices of 4f2a9c", "owner", &[Power::See, Power::Command]),
            way(
                "4f2a9c",
                "product 7 (thermostat)",
                "made the product",
                &[Power::See, Power::Rekey],
            ),
            way("81d0e7", "product 7 (thermostat)", "Support of the product", &[Power::See]),
            way(
                "c0ffee",
                "product 7 (thermostat)",
                "service of the product",
                &[Power::See, Power::Update],
            ),
        ],
    }
}
