//! Requests of the API: how many, in which group, how they were answered, and how long that took.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::text::{Kind, Text};
use crate::guard::Group;

/// Classes of status: 2xx to 5xx; what a client sees of others counts as the first.
const CLASSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];
/// Upper bounds of the times that are told apart, in milliseconds, with their names in seconds.
const BOUNDS: [(u64, &str); 8] = [
    (1, "0.001"),
    (5, "0.005"),
    (10, "0.01"),
    (50, "0.05"),
    (100, "0.1"),
    (500, "0.5"),
    (1_000, "1"),
    (10_000, "10"),
];

/// Counts since the start.
#[derive(Debug, Default)]
pub struct Traffic {
    answers: [[AtomicU64; CLASSES.len()]; Group::ALL.len()],
    /// The last is for what took longer.
    times: [AtomicU64; BOUNDS.len() + 1],
    total_micros: AtomicU64,
}

impl Traffic {
    /// Counts an answer: its group, its status, and the time until its head was made.
    pub fn answered(&self, group: Group, status: u16, took: Duration) {
        let class = usize::from((status / 100).saturating_sub(2)).min(CLASSES.len() - 1);
        if let Some(count) = self.answers.get(group as usize).and_then(|group| group.get(class)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let bound = BOUNDS.iter().position(|(bound, _)| took <= Duration::from_millis(*bound));
        if let Some(count) = self.times.get(bound.unwrap_or(BOUNDS.len())) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.total_micros.fetch_add(micros, Ordering::Relaxed);
    }

    pub(super) fn write(&self, text: &mut Text) {
        let name = "pintle_api_requests_total";
        text.family(name, Kind::Counter, "Requests, by group of routes and class of status.");
        for (group, answers) in Group::ALL.iter().zip(&self.answers) {
            for (class, count) in CLASSES.iter().zip(answers) {
                let labels = [("group", group.name()), ("status", class)];
                text.line(name, &labels, count.load(Ordering::Relaxed));
            }
        }
        self.write_times(text);
    }

    fn write_times(&self, text: &mut Text) {
        let name = "pintle_api_request_seconds_bucket";
        let help = "How many requests were answered within so many seconds, event streams with their head.";
        text.family("pintle_api_request_seconds", Kind::Histogram, help);
        let mut sum = 0;
        let bounds = BOUNDS.iter().map(|(_, name)| *name).chain(["+Inf"]);
        for (bound, count) in bounds.zip(&self.times) {
            sum += count.load(Ordering::Relaxed);
            text.line(name, &[("le", bound)], sum);
        }
        text.line("pintle_api_request_seconds_count", &[], sum);
        let micros = self.total_micros.load(Ordering::Relaxed);
        let seconds = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
        text.line("pintle_api_request_seconds_sum", &[], seconds);
    }
}
