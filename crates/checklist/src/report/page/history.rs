//! The runs before this one, as columns, and in a sentence what changed since the last.

use super::ring::{Piece, pieces};
use crate::diff::{Change, Difference};
use crate::trend::{Point, Trend};

/// From one column to the next, in the units of the drawing.
const STEP: usize = 14;

/// What the page shows of a trend.
pub(super) struct History {
    /// How wide the drawing is.
    pub(super) width: usize,
    pub(super) columns: Vec<Column>,
    /// What changed since the last run, worst first.
    pub(super) changes: Vec<(&'static str, Vec<Change>)>,
    /// Whether there was a run before.
    pub(super) compared: bool,
}

/// A run.
pub(super) struct Column {
    pub(super) x: usize,
    pub(super) began: String,
    pub(super) pieces: Vec<Piece>,
    pub(super) point: Point,
}

impl History {
    pub(super) fn of(trend: Trend) -> Self {
        let columns: Vec<Column> = trend.points.into_iter().enumerate().map(Column::of).collect();
        Self {
            width: columns.len().max(30) * STEP,
            columns,
            compared: trend.change.is_some(),
            changes: trend.change.map(changes).unwrap_or_default(),
        }
    }

    /// What broke, for the top of the page.
    pub(super) fn news(&self) -> Option<String> {
        let count = |kind: &str| {
            let of_kind = self.changes.iter().filter(|(what, _)| *what == kind);
            of_kind.map(|(_, changes)| changes.len()).sum::<usize>()
        };
        if !self.compared {
            return None;
        }
        let told = [
            (count(BROKE), "broke"),
            (count(UNSEEN), "are not tried any more"),
            (count(MENDED), "were mended"),
        ];
        let told: Vec<String> = told
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        Some(match told.is_empty() {
            true => "Nothing changed since the last run.".into(),
            false => format!("Since the last run: {}.", told.join(", ")),
        })
    }
}

const BROKE: &str = "Broke";
const UNSEEN: &str = "Not tried any more";
const MENDED: &str = "Mended";

fn changes(difference: Difference) -> Vec<(&'static str, Vec<Change>)> {
    let kinds = [
        (BROKE, difference.broke),
        (UNSEEN, difference.unseen),
        ("Accepted", difference.accepted),
        (MENDED, difference.mended),
        ("Tried now, and holds", difference.seen),
    ];
    kinds.into_iter().filter(|(_, changes)| !changes.is_empty()).collect()
}

impl Column {
    fn of((index, point): (usize, Point)) -> Self {
        Self {
            x: index * STEP,
            began: point.began.replace('T', " ").replace('Z', " UTC"),
            pieces: pieces(&point.total, 0.0),
            point,
        }
    }
}
