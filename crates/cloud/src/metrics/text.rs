//! The text format of Prometheus, version 0.0.4, as far as counters, gauges and histograms need it.
//!
//! Names, labels and their values are all our own words: nothing needs escaping, and a test holds that.

use std::fmt::{Display, Write as _};

/// What an answer in this format is.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What a number does.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// It only grows, until the node starts again.
    Counter,
    /// It goes up and down.
    Gauge,
    /// How many were at most so much.
    Histogram,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// Lines.
#[derive(Default)]
pub(super) struct Text(String);

impl Text {
    /// Begins the lines of one name.
    pub(super) fn family(&mut self, name: &str, kind: Kind, help: &str) {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {}", kind.name());
    }

    /// One number.
    pub(super) fn line(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.0.push_str(name);
        for (index, (label, is)) in labels.iter().enumerate() {
            let before = if index == 0 { '{' } else { ',' };
            let _ = write!(self.0, "{before}{label}=\"{is}\"");
        }
        let after = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{after} {value}");
    }

    /// A name with one number.
    pub(super) fn single(&mut self, name: &str, kind: Kind, help: &str, value: u64) {
        self.family(name, kind, help);
        self.line(name, &[], value);
    }

    pub(super) fn end(self) -> String {
        self.0
    }
}
