//! Reports kept from run to run, so that what breaks is seen on the day on which it does.
//!
//! A folder that the operator names holds one report a run, as JSON, named by its time. What is in it was written by this
//! program, or by whoever can write there: it says what changed, and proves nothing.

use crate::diff::Difference;
use crate::report::{Counts, Report};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Runs that a trend looks back on.
const MOST: usize = 60;

/// Runs on one thing, from the oldest to the newest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trend {
    /// Each run.
    pub points: Vec<Point>,
    /// What changed from the last run to this one.
    pub change: Option<Difference>,
}

/// A run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// When it began.
    pub began: String,
    /// What made it.
    pub program: String,
    /// What came of it.
    pub total: Counts,
}

/// Why reports cannot be kept.
#[derive(Debug, Error)]
#[error("{path}: {source}")]
pub struct TrendError {
    /// What.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

impl Trend {
    /// The runs before this one that are in the folder, and this one. What is no report, or one on something else, is
    /// passed over.
    ///
    /// # Errors
    /// [`TrendError`] where the folder is there and cannot be read.
    pub fn with(folder: &Path, report: &Report) -> Result<Self, TrendError> {
        let mut past = past(folder, report)?;
        let change = past.last().map(|last| Difference::between(last, report));
        past.push(report.clone());
        Ok(Self { points: past.iter().map(Point::of).collect(), change })
    }
}

impl Point {
    fn of(report: &Report) -> Self {
        let (began, program) = (report.times.began.clone(), report.program.clone());
        Self { began, program, total: report.total.clone() }
    }
}

/// Puts a report beside the earlier ones; where it is now.
///
/// # Errors
/// [`TrendError`].
pub fn keep(folder: &Path, report: &Report) -> Result<PathBuf, TrendError> {
    let failed = |source| TrendError { path: folder.to_owned(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    let name = report.times.began.replace(':', "-");
    let text = report.to_json().map_err(|error| failed(error.into()))?;
    // Two runs in one second are two reports.
    for number in 1_u32.. {
        let name = if number == 1 { name.clone() } else { format!("{name}.{number}") };
        let path = folder.join(format!("{name}.json"));
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            file => {
                let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
                return written
                    .map(|()| path.clone())
                    .map_err(|source| TrendError { path, source });
            }
        }
    }
    Err(failed(io::ErrorKind::AlreadyExists.into()))
}

/// The last reports on the same thing, oldest first.
fn past(folder: &Path, report: &Report) -> Result<Vec<Report>, TrendError> {
    let mut past = Vec::new();
    for path in newest_first(folder)? {
        let earlier = fs::read(&path).ok().and_then(|text| Report::from_json(&text).ok());
        past.extend(earlier.filter(|earlier| is_of_the_same(earlier, report)));
        if past.len() + 1 == MOST {
            break;
        }
    }
    past.reverse();
    Ok(past)
}

fn newest_first(folder: &Path) -> Result<Vec<PathBuf>, TrendError> {
    let failed = |source| TrendError { path: folder.to_owned(), source };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let paths: Result<Vec<PathBuf>, io::Error> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = paths.map_err(failed)?;
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    paths.sort();
    paths.reverse();
    Ok(paths)
}

fn is_of_the_same(earlier: &Report, report: &Report) -> bool {
    earlier.target == report.target && earlier.product == report.product
}
