//! What a collector reads.

use super::*;
use crate::guard::{Group, Limits, Origin};
use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::time::Duration;

fn metrics() -> Metrics {
    let limits = Limits { logins: NonZeroU32::MIN, ..Limits::default() };
    Metrics {
        traffic: Arc::default(),
        guard: Guard::new(limits),
        bus: Bus::new(),
        roll: Roll::default(),
        tcp_service: false,
    }
}

#[test]
fn p2_a_collector_sees_whether_the_tcp_service_is_on() {
    let on = |tcp_service| Metrics { tcp_service, ..metrics() }.text();
    assert!(on(true).contains("\npintle_tcp_service 1\n"));
    assert!(on(false).contains("\npintle_tcp_service 0\n"));
}

#[test]
fn what_was_refused_and_why_is_there() {
    let metrics = metrics();
    for _ in 0..3 {
        let _ = metrics.guard.admit(Origin::Unknown, Group::Login, None, Duration::ZERO);
    }
    metrics.traffic.answered(Group::Other, 204, Duration::from_millis(7));
    metrics.traffic.answered(Group::Login, 429, Duration::from_micros(900));
    let text = metrics.text();
    for line in [
        "pintle_api_refused_total{reason=\"group_quota\"} 2",
        "pintle_api_refused_total{reason=\"stalled\"} 0",
        "pintle_api_requests_total{group=\"other\",status=\"2xx\"} 1",
        "pintle_api_requests_total{group=\"login\",status=\"4xx\"} 1",
        "pintle_api_request_seconds_bucket{le=\"0.001\"} 1",
        "pintle_api_request_seconds_bucket{le=\"0.01\"} 2",
        "pintle_api_request_seconds_bucket{le=\"+Inf\"} 2",
        "pintle_api_request_seconds_count 2",
        "pintle_api_request_seconds_sum 0.007900",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

#[test]
fn every_line_is_of_a_family_that_was_begun_before_and_needs_no_escaping() {
    let text = metrics().text();
    let mut families = BTreeSet::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            families.insert(rest.split(' ').next().unwrap());
            continue;
        }
        if line.starts_with("# HELP ") {
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap();
        value.parse::<f64>().unwrap();
        let name = name.split('{').next().unwrap();
        let known = families.iter().any(|family| {
            name.strip_prefix(family)
                .is_some_and(|rest| ["", "_bucket", "_count", "_sum"].contains(&rest))
        });
        assert!(known, "{line}");
        assert!(!line.contains('\\') && line.matches('"').count() % 2 == 0, "{line}");
    }
}

#[test]
fn the_page_in_the_documents_names_every_family() {
    let page = include_str!("../../../../docs/metrics.md");
    for line in metrics().text().lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let name = line.split(' ').next().unwrap();
        assert!(page.contains(&format!("`{name}`")), "docs/metrics.md does not say what {name} is");
    }
}

#[test]
fn nothing_else_is_answered() {
    let status = |method: Method, path| answer(&method, path, &metrics()).status().as_u16();
    assert_eq!(status(Method::GET, "/metrics"), 200);
    assert_eq!(status(Method::POST, "/metrics"), 405);
    assert_eq!(status(Method::GET, "/v1/user"), 404);
}
