//! The figures as one table: aligned text, Markdown or JSON.

use crate::sample::Samples;
use serde::Serialize;

/// A bound and whether the figure keeps to it.
#[derive(Serialize)]
pub struct Goal {
    /// As the table says it.
    pub says: String,
    /// Whether it is met.
    pub met: bool,
}

/// One line of the table.
#[derive(Serialize)]
pub struct Row {
    /// What was measured.
    pub what: String,
    /// The middle value.
    pub median: f64,
    /// What the value counts.
    pub unit: &'static str,
    /// Largest less smallest value, as a part of the median, where there are several.
    pub spread: Option<f64>,
    /// What it should be, if anything.
    pub goal: Option<Goal>,
}

impl Row {
    /// How often a second something can be done that takes these nanoseconds.
    pub fn rate(what: &str, nanoseconds: &Samples) -> Self {
        Self::of(what, "/s", &nanoseconds.map(|each| 1e9 / each))
    }

    /// How long something takes.
    pub fn time(what: &str, nanoseconds: &Samples) -> Self {
        Self::of(what, "µs", &nanoseconds.map(|each| each / 1e3))
    }

    /// How large something is.
    pub fn bytes(what: &str, bytes: &Samples) -> Self {
        Self::of(what, "bytes", bytes)
    }

    /// A part of something else.
    pub fn ratio(what: &str, ratio: &Samples) -> Self {
        Self::of(what, "×", ratio)
    }

    /// Anything else.
    pub fn of(what: &str, unit: &'static str, samples: &Samples) -> Self {
        let (median, spread) = (samples.median(), samples.spread());
        Self { what: what.into(), median, unit, spread, goal: None }
    }

    /// With a goal that the median must reach.
    pub fn at_least(mut self, least: f64) -> Self {
        self.goal = Some(Goal { says: format!("≥ {least}"), met: self.median >= least });
        self
    }

    /// With a goal that the median must not pass.
    pub fn at_most(mut self, most: f64) -> Self {
        self.goal = Some(Goal { says: format!("≤ {most}"), met: self.median <= most });
        self
    }

    /// With a goal that the median must be.
    pub fn exactly(mut self, value: f64) -> Self {
        let met = (self.median - value).abs() < f64::EPSILON;
        self.goal = Some(Goal { says: format!("= {value}"), met });
        self
    }

    fn cells(&self) -> [String; 4] {
        let value = format!("{} {}", number(self.median), self.unit).trim_end().to_owned();
        let spread =
            self.spread.map_or_else(String::new, |spread| format!("{:.1} %", spread * 100.0));
        let goal = self.goal.as_ref().map_or_else(String::new, |goal| {
            format!("{} {}", goal.says, if goal.met { "met" } else { "MISSED" })
        });
        [self.what.clone(), value, spread, goal]
    }
}

/// The rows of one benchmark.
#[derive(Serialize)]
pub struct Section {
    /// What it is about.
    pub title: &'static str,
    /// Its figures.
    pub rows: Vec<Row>,
    /// What a reader must know to judge them.
    pub note: &'static str,
}

/// Everything of one run.
#[derive(Serialize)]
struct Report {
    /// What it ran on.
    machine: String,
    /// How it was measured.
    method: String,
    /// The benchmarks.
    sections: Vec<Section>,
}

const HEADINGS: [&str; 4] = ["", "median", "spread", "goal"];

/// How figures are shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// Aligned columns.
    Text,
    /// One Markdown table a section.
    Markdown,
    /// For programs; all of it at the end.
    Json,
}

/// Shows each benchmark as soon as it is done, so that one that fails takes none of the others with it.
pub struct Printer {
    show: Show,
    report: Report,
}

impl Printer {
    /// Says on what and how will be measured.
    pub fn begin(show: Show, machine: String, method: String) -> Self {
        let report = Report { machine, method, sections: Vec::new() };
        match show {
            Show::Text => println!("{}\n{}", report.machine, report.method),
            Show::Markdown => println!("Measured on {}. {}", report.machine, report.method),
            Show::Json => {}
        }
        Self { show, report }
    }

    /// Shows one.
    pub fn add(&mut self, section: Section) {
        match self.show {
            Show::Text => print!("{}", section.text()),
            Show::Markdown => print!("{}", section.markdown()),
            Show::Json => self.report.sections.push(section),
        }
    }

    /// All of them are done.
    pub fn end(self) {
        if self.show == Show::Json {
            print!("{}", self.report.json());
        }
    }
}

impl Section {
    fn text(&self) -> String {
        let widths = self.widths();
        let headings = HEADINGS.map(String::from);
        let mut out = format!("\n{}\n{}", self.title, line(&headings, &widths));
        self.rows.iter().for_each(|row| out += &line(&row.cells(), &widths));
        out + &format!("  {}\n", self.note)
    }

    fn markdown(&self) -> String {
        let mut out = format!("\n| {} | median | spread | goal |\n", self.title);
        out += "| :-- | --: | --: | :-- |\n";
        for row in &self.rows {
            out += &format!("| {} |\n", row.cells().join(" | "));
        }
        out + &format!("\n{}\n", self.note)
    }

    fn widths(&self) -> [usize; 4] {
        let mut widths = HEADINGS.map(|heading| heading.chars().count());
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row.cells()) {
                *width = cell.chars().count().max(*width);
            }
        }
        widths
    }
}

impl Report {
    /// For programs.
    fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("numbers and strings are JSON") + "\n"
    }
}

/// The first and the last column flush left, numbers flush right.
fn line([what, value, spread, goal]: &[String; 4], [a, b, c, _]: &[usize; 4]) -> String {
    let line = format!("  {what:<a$}  {value:>b$}  {spread:>c$}  {goal}");
    format!("{}\n", line.trim_end())
}

/// Three significant digits at least; thousands set apart from 10,000 on.
fn number(value: f64) -> String {
    if value < 100.0 && value.fract() != 0.0 {
        return format!("{value:.2}");
    }
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(value: f64) -> Row {
        Row::of("it", "ms", &[value].into_iter().collect())
    }

    #[test]
    fn a_figure_measured_once_has_no_spread() {
        assert_eq!(row(1.5).cells(), ["it", "1.50 ms", "", ""]);
        let twice = Row::of("it", "/s", &[20_000.0, 10_000.0].into_iter().collect());
        assert_eq!(twice.cells(), ["it", "20,000 /s", "50.0 %", ""]);
    }

    #[test]
    fn a_goal_is_met_or_missed() {
        assert_eq!(row(2.0).at_most(2.0).cells()[3], "≤ 2 met");
        assert_eq!(row(2.5).at_most(2.0).cells()[3], "≤ 2 MISSED");
        assert_eq!(row(100.0).exactly(100.0).cells()[3], "= 100 met");
        assert_eq!(row(100.1).exactly(100.0).cells()[3], "= 100 MISSED");
    }

    #[test]
    fn a_section_is_a_table_in_markdown() {
        let section = Section { title: "Speed", rows: vec![row(3.0).at_least(2.0)], note: "Fast." };
        let table = "\n| Speed | median | spread | goal |\n\
                     | :-- | --: | --: | :-- |\n| it | 3 ms |  | ≥ 2 met |\n\nFast.\n";
        assert_eq!(section.markdown(), table);
    }
}
